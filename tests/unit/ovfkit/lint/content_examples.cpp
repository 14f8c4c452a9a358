// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/ovfkit/lint/descriptor_examples.h"

namespace tests {

namespace {

const std::string kHref = "ovf:href=\"disk1.vmdk\"";
const std::string kSize = "ovf:size=\"73728\"";
const std::string kFile = R"(<File ovf:id="f1" ovf:href="disk1.vmdk" ovf:size="73728"/>)";
const std::string kDisk = R"(<Disk ovf:diskId="sys")";
const std::string kCapacity = "ovf:capacity=\"1048576\"";
const std::string kFormat =
    "http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized";
const std::string kProperty = R"(<Property ovf:key="title" ovf:type="string")";
const std::string kContent = R"(<VirtualSystem ovf:id="web">)";
const std::string kEnd = "</VirtualSystem>\n</Envelope>\n";
const std::string kUserSet = "ovf:userConfigurable=\"true\" ovf:value=\"Shop\"";

Replacements with_href(const std::string& href) {
    return {{kHref, "ovf:href=\"" + href + "\""}};
}

// A second machine with the first one's disk, both in a collection.
Replacements twice() {
    return {{kContent,
             "<VirtualSystemCollection ovf:id=\"all\"><Info>All</Info><VirtualSystem "
             "ovf:id=\"b\"><Info>B</Info><VirtualHardwareSection><Info>H</Info><Item>"
             "<rasd:HostResource>ovf:/disk/sys</rasd:HostResource><rasd:InstanceID>1"
             "</rasd:InstanceID><rasd:ResourceType>17</rasd:ResourceType></Item>"
             "</VirtualHardwareSection></VirtualSystem>" +
                 kContent},
            {kEnd, "</VirtualSystem></VirtualSystemCollection></Envelope>"}};
}

Replacements with_startup(const std::string& items) {
    return {{kContent,
             "<VirtualSystemCollection ovf:id=\"all\"><Info>All</Info><StartupSection>"
             "<Info>S</Info>" +
                 items + "</StartupSection>" + kContent},
            {kEnd, "</VirtualSystem></VirtualSystemCollection></Envelope>"}};
}

}  // namespace

const std::vector<DescriptorExample>& content_examples() {
    static const std::vector<DescriptorExample> examples{
        {"OVF-201", with_href("../disk1.vmdk")},
        {"OVF-202", with_href("http://example.org/disk1.vmdk")},
        {"OVF-203", with_href("disks/disk1.vmdk")},
        {"OVF-204", with_href("disk (1).vmdk")},
        {"OVF-205", with_href("disk*.vmdk")},
        {"OVF-206", {{kFile, kFile + R"(<File ovf:id="f2" ovf:href="Disk1.vmdk"/>)"}}},
        {"OVF-207", {{kSize, ""}}},
        {"OVF-208", {{kSize, kSize + " ovf:compression=\"gzip\""}}},
        {"OVF-209", {{kSize, kSize + " ovf:chunkSize=\"4096\""}}},
        {"OVF-210", {{kFile, kFile + R"(<File ovf:id="f2" ovf:href="b.iso" ovf:size="1"/>)"}}},
        {"OVF-211", {{"ovf:id=\"f1\"", "ovf:id=\"f 1\""}, {"fileRef=\"f1\"", "fileRef=\"f 1\""}}},
        {"OVF-212", with_href("disk%201.vmdk")},
        {"OVF-213", {{kSize, "ovf:size=\"200000000000\""}}},
        {"OVF-301", {{kCapacity, "ovf:capacity=\"1\" ovf:capacityAllocationUnits=\"MegaBytes\""}}},
        {"OVF-302", {{kCapacity, "ovf:capacity=\"${title}\""}}},
        {"OVF-303", {{kDisk, kDisk + " ovf:parentRef=\"base\""}}},
        {"OVF-304", {{"ovf:fileRef=\"f1\"", ""}}},
        {"OVF-305", {{kFormat, "http://www.gnome.org/~markmc/qcow-image-format.html"}}},
        {"OVF-306", {{kFormat, "http://www.vmware.com/specifications/vmdk.html#sparse"}}},
        {"OVF-307", {{kCapacity, "ovf:capacity=\"1048577\""}}},
        {"OVF-308",
         {{kCapacity, "ovf:capacity=\"63\" ovf:capacityAllocationUnits=\"byte * 2^40\""}}},
        {"OVF-309", {{"<rasd:HostResource>ovf:/disk/sys</rasd:HostResource>", ""}}},
        {"OVF-310", twice()},
        {"OVF-311", {{kSize, "ovf:size=\"1048576\""}}},
        {"OVF-312", {{"diskId=\"sys\"", "diskId=\"s+s\""}, {"disk/sys", "disk/s+s"}}},
        {"OVF-313", {{"ovf:populatedSize=\"65536\"", ""}}},
        {"OVF-314",
         {{kContent,
           "<EncryptionSection ovf:required=\"false\"><Info>E</Info>"
           "</EncryptionSection>" +
               kContent}}},
        {"OVF-401", {{"<Name>web</Name>", ""}}},
        {"OVF-402", {{"<Name>web</Name>", "<Name>" + std::string(81, 'w') + "</Name>"}}},
        {"OVF-403", {{"<Name>web</Name>", "<Name>the web</Name>"}}},
        {"OVF-420", {{"<Name>web</Name>", "<Name>a/b</Name>"}}},
        {"OVF-404",
         {{"<OperatingSystemSection ovf:id=\"96\"", "<!--"}, {"</OperatingSystemSection>", "-->"}}},
        {"OVF-405", {{"ovf:id=\"96\"", ""}}},
        {"OVF-406", {{"ovf:id=\"96\"", "ovf:id=\"1\""}}},
        {"OVF-407", {{" vmw:osType=\"debian11_64Guest\"", ""}}},
        {"OVF-408",
         {{"<VirtualHardwareSection ovf:transport=\"iso com.vmware.guestInfo\">", "<!--"},
          {"</VirtualHardwareSection>", "-->"}}},
        {"OVF-409",
         {{"</VirtualHardwareSection>",
           "</VirtualHardwareSection><VirtualHardwareSection><Info>H"
           "</Info></VirtualHardwareSection>"}}},
        {"OVF-410", {{"<vssd:VirtualSystemType>vmx-14</vssd:VirtualSystemType>", ""}}},
        {"OVF-411", {{"vmx-14", "virtualbox-2.2"}}},
        {"OVF-412", {{"vmx-14", "vmx-07"}}},
        {"OVF-413", with_startup("")},
        {"OVF-414",
         with_startup("<Item ovf:id=\"web\" ovf:order=\"1\" ovf:stopAction=\"explode\"/>")},
        {"OVF-415",
         {{"<ProductSection>",
           "<EulaSection><Info>E</Info></EulaSection>"
           "<ProductSection>"}}},
        {"OVF-416",
         {{"<ProductSection>",
           "<StartupSection ovf:required=\"false\"><Info>S</Info>"
           "</StartupSection><ProductSection>"}}},
        {"OVF-417",
         {{"</VirtualHardwareSection>",
           "<vmw:Config ovf:required=\"false\" vmw:key=\"firmware\" "
           "vmw:value=\"coreboot\"/></VirtualHardwareSection>"}}},
        {"OVF-418",
         {{"</VirtualHardwareSection>",
           "<vmw:Config ovf:required=\"false\" vmw:key=\"firmware\" "
           "vmw:value=\"efi\"/></VirtualHardwareSection>"}}},
        {"OVF-419", {{"</NetworkSection>", "<Network ovf:name=\"front\"/></NetworkSection>"}}},
        {"OVF-801", {{" ovf:transport=\"iso com.vmware.guestInfo\"", ""}}},
        {"OVF-802", {{"iso com.vmware.guestInfo", "com.vmware.guestInfo"}}},
        {"OVF-803", {{"<rasd:ResourceType>15", "<rasd:ResourceType>14"}}},
        {"OVF-804", {{kProperty, kProperty + " ovf:password=\"true\""}}},
        {"OVF-805", {{"ovf:key=\"title\"", "ovf:key=\"admin_password\""}}},
        {"OVF-806", {{"ovf:type=\"string\"", "ovf:type=\"uint8\""}}},
        {"OVF-807", {{kUserSet, ""}}},
        {"OVF-808", {{"<Label>Title</Label>", ""}}},
        {"OVF-809", {{kProperty, kProperty + " vmw:qualifiers=\"Ip(&quot;back&quot;)\""}}},
        {"OVF-810",
         {{"<ProductSection>", "<ProductSection ovf:class=\"a\"><Info>A</Info>" + kProperty +
                                   " ovf:value=\"1\"/></ProductSection><ProductSection "
                                   "ovf:class=\"\" ovf:instance=\"\">"},
          {"ovf:class=\"a\"", "ovf:class=\"\" ovf:instance=\"\""}}},
        {"OVF-811", {{"<Product>Shop</Product>", ""}}},
        {"OVF-812", {{"<Vendor>Maker</Vendor>", ""}}},
        {"OVF-813", {{"<Version>1</Version>", "<Version>1</Version><Icon ovf:fileRef=\"i\"/>"}}},
        {"OVF-814", {{"ovf:key=\"title\"", "ovf:key=\"the title\""}}},
        {"OVF-815",
         {{"<Version>1</Version>", "<Version>1</Version><ProductUrl>shop</ProductUrl>"}}},
        {"OVF-816", {{kProperty, kProperty + " ovf:qualifiers='ValueMap{\"a\",\"b\"}'"}}},
    };
    return examples;
}

}  // namespace tests
