// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/ovfkit/lint/descriptor_examples.h"

namespace tests {

namespace {

const std::string kSubtype = "<rasd:ResourceSubType>lsilogic</rasd:ResourceSubType>";
const std::string kScsi = kSubtype + "\n        <rasd:ResourceType>6";
const std::string kParent = "<rasd:Parent>3</rasd:Parent>";
const std::string kHost = "<rasd:HostResource>ovf:/disk/sys</rasd:HostResource>";
const std::string kOnParent =
    "<rasd:AddressOnParent>0</rasd:AddressOnParent>\n        <rasd:ElementName>Hard disk 1";
const std::string kAdapter = "<rasd:Connection>back</rasd:Connection>";
const std::string kE1000 = "<rasd:ResourceSubType>E1000</rasd:ResourceSubType>";
const std::string kEnd = "</VirtualHardwareSection>";

std::string item(const std::string& parts, const std::string& attributes = "") {
    return "<Item" + attributes + "><rasd:ElementName>More</rasd:ElementName>" + parts + "</Item>";
}

std::string device(const std::string& type, const std::string& subtype = "") {
    return item("<rasd:InstanceID>20</rasd:InstanceID><rasd:ResourceSubType>" + subtype +
                "</rasd:ResourceSubType><rasd:ResourceType>" + type + "</rasd:ResourceType>");
}

std::string disk(const std::string& instance, const std::string& parent,
                 const std::string& address) {
    return "<Item><rasd:AddressOnParent>" + address +
           "</rasd:AddressOnParent><rasd:ElementName>D</rasd:ElementName><rasd:HostResource>"
           "ovf:/disk/sys</rasd:HostResource><rasd:InstanceID>" +
           instance + "</rasd:InstanceID><rasd:Parent>" + parent +
           "</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>";
}

Replacements more(const std::string& items) {
    return {{kEnd, items + kEnd}};
}

Replacements with_mac(const std::string& mac) {
    return {{kAdapter, "<rasd:Address>" + mac + "</rasd:Address>" + kAdapter}};
}

Replacements with_scsi(const std::string& subtype) {
    return {{kSubtype, "<rasd:ResourceSubType>" + subtype + "</rasd:ResourceSubType>"}};
}

Replacements with_address(const std::string& address) {
    return {{kOnParent, "<rasd:AddressOnParent>" + address +
                            "</rasd:AddressOnParent>\n        <rasd:ElementName>Hard disk 1"}};
}

Replacements with_controller(const std::string& type, const std::string& subtype) {
    return {{kScsi, "<rasd:ResourceSubType>" + subtype +
                        "</rasd:ResourceSubType>\n        <rasd:ResourceType>" + type}};
}

const std::string kMemory = "<rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits>";
const std::string kAmount = "<rasd:VirtualQuantity>1024</rasd:VirtualQuantity>";

}  // namespace

const std::vector<DescriptorExample>& hardware_examples() {
    static const std::vector<DescriptorExample> examples{
        {"OVF-501", {{"<rasd:InstanceID>7<", "<rasd:InstanceID>6<"}}},
        {"OVF-502", {{"<rasd:InstanceID>7</rasd:InstanceID>", ""}}},
        {"OVF-503", {{"<rasd:InstanceID>7<", "<rasd:InstanceID>0.7<"}}},
        {"OVF-504", {{"<rasd:ElementName>Memory</rasd:ElementName>", ""}}},
        {"OVF-505",
         {{"<rasd:InstanceID>7</rasd:InstanceID>", ""},
          {kAdapter, "<rasd:InstanceID>7</rasd:InstanceID>" + kAdapter}}},
        {"OVF-506",
         {{"<rasd:InstanceID>7</rasd:InstanceID>", "<rasd:InstanceId>7</rasd:InstanceId>"}}},
        {"OVF-507", more("<StorageItem><rasd:ElementName>S</rasd:ElementName><rasd:InstanceID>9"
                         "</rasd:InstanceID><rasd:ResourceType>15</rasd:ResourceType>"
                         "</StorageItem>")},
        {"OVF-508", more("<EthernetPortItem><rasd:ElementName>S</rasd:ElementName>"
                         "<rasd:InstanceID>9</rasd:InstanceID><rasd:ResourceType>10"
                         "</rasd:ResourceType></EthernetPortItem>")},
        {"OVF-509", {{"<rasd:ResourceType>3<", "<rasd:ResourceType>24<"}}},
        {"OVF-510", {{"<rasd:ResourceType>4<", "<rasd:ResourceType>24<"}}},
        {"OVF-511",
         {{kMemory, "<rasd:AllocationUnits>byte * 2^30</rasd:AllocationUnits>"},
          {kAmount, "<rasd:VirtualQuantity>1</rasd:VirtualQuantity>"}}},
        {"OVF-512", {{kMemory, "<rasd:AllocationUnits>MegaBytes</rasd:AllocationUnits>"}}},
        {"OVF-513", {{kAmount, "<rasd:VirtualQuantity>1023</rasd:VirtualQuantity>"}}},
        {"OVF-514", {{kMemory, ""}}},
        {"OVF-515",
         {{"<rasd:VirtualQuantity>2</rasd:VirtualQuantity>",
           "<rasd:VirtualQuantity>0</rasd:VirtualQuantity>"}}},
        {"OVF-516",
         {{"<rasd:VirtualQuantity>2</rasd:VirtualQuantity>",
           "<rasd:VirtualQuantity>2</rasd:VirtualQuantity>"
           "<vmw:CoresPerSocket ovf:required=\"false\">4</vmw:CoresPerSocket>"}}},
        {"OVF-517", {{"<Item>", "<Item ovf:configuration=\"large\">"}}},
        {"OVF-518", more(item("<rasd:InstanceID>9</rasd:InstanceID><rasd:ResourceType>24"
                              "</rasd:ResourceType>",
                              " ovf:bound=\"min\""))},
        {"OVF-519", {{kAmount, kAmount + "<rasd:Reservation>2048</rasd:Reservation>"}}},
        {"OVF-601", {{kParent, ""}}},
        {"OVF-602", {{kParent, "<rasd:Parent>1</rasd:Parent>"}}},
        {"OVF-603", {{kOnParent, "<rasd:ElementName>Hard disk 1"}}},
        {"OVF-604", more(disk("20", "3", "0"))},
        {"OVF-605",
         more("<Item><rasd:ElementName>S2</rasd:ElementName><rasd:InstanceID>19</rasd:InstanceID>"
              "<rasd:ResourceType>6</rasd:ResourceType></Item>" +
              disk("20", "19", "0"))},
        {"OVF-606", {{"ovf:/disk/sys", "/disk/sys"}}},
        {"OVF-607", {{"ovf:/disk/sys", "somewhere"}}},
        {"OVF-608", {{kHost, ""}}},
        {"OVF-609", more(disk("20", "4", "2"))},
        {"OVF-610", with_address("7")},
        {"OVF-611", with_address("16")},
        {"OVF-612", with_scsi("virtio")},
        {"OVF-613", with_controller("20", "AHCI")},
        {"OVF-614", with_controller("20", "other")},
        {"OVF-615",
         {{"<rasd:ResourceType>5",
           "<rasd:ResourceSubType>PIIX4"
           "</rasd:ResourceSubType><rasd:ResourceType>5"}}},
        {"OVF-616", with_scsi("megaraid")},
        {"OVF-617", {{"<rasd:ResourceType>17", "<rasd:ResourceType>16"}}},
        {"OVF-618",
         {{kOnParent,
           "<rasd:AddressOnParent>2</rasd:AddressOnParent>\n        "
           "<rasd:ElementName>Hard disk 1"},
          {kEnd, disk("20", "3", "1") + kEnd}}},
        {"OVF-701", {{kAdapter, ""}}},
        {"OVF-702", {{kE1000, "<rasd:ResourceSubType>virtio</rasd:ResourceSubType>"}}},
        {"OVF-703", {{kE1000, "<rasd:ResourceSubType>PCNet32</rasd:ResourceSubType>"}}},
        {"OVF-704", {{kE1000, "<rasd:ResourceSubType>VmxNet3</rasd:ResourceSubType>"}}},
        {"OVF-705", with_mac("00:11:22")},
        {"OVF-706", with_mac("01:00:5e:00:00:01")},
        {"OVF-707",
         {{kAdapter, "<rasd:Address>00:16:3e:00:00:01</rasd:Address>" + kAdapter},
          {kEnd, "<Item><rasd:Address>00163E000001</rasd:Address>" + kAdapter +
                     "<rasd:ElementName>N2</rasd:ElementName><rasd:InstanceID>20"
                     "</rasd:InstanceID><rasd:ResourceType>10</rasd:ResourceType></Item>" +
                     kEnd}}},
        {"OVF-708", with_mac("00:16:3e:00:00:01")},
        {"OVF-709", more(device("24"))},
        {"OVF-710", more(device("18"))},
        {"OVF-711", more(device("35", "ensoniq1371"))},
        {"OVF-712", more(device("23"))},
        {"OVF-713", more(device("32768"))},
        {"OVF-714", more(device("13", "vmware.pcipassthrough"))},
        {"OVF-715", {{"<rasd:ResourceType>10<", "<rasd:ResourceType>24<"}}},
    };
    return examples;
}

}  // namespace tests
