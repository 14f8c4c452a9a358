// SPDX-License-Identifier: Apache-2.0
// The sections of OVF 2 and the smaller ones of OVF 1: read, checked, written, read again.
#include "ovfkit/descriptor/sections.h"

#include <algorithm>

#include "ovfkit/descriptor/read_envelope.h"
#include "ovfkit/descriptor/write_envelope.h"
#include "tests/support/catch.h"

using namespace ovfkit;  // NOLINT: a test file

namespace {

// `replaced` stands in the text once.
std::string sample(const std::string& replaced = "", const std::string& by = "") {
    std::string text = R"(<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/2"
    xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/2" ovf:version="2.1"
    xmlns:r="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
    xmlns:s="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_StorageAllocationSettingData.xsd"
    xmlns:bc="urn:bc" xmlns:bs="urn:bs" xmlns:e="http://www.w3.org/2001/04/xmlenc#"
    xmlns:x="http://www.vmware.com/schema/ovf">
  <References><File ovf:id="f" ovf:href="a.vmdk"/><File ovf:id="c" ovf:href="conf.xml"/>
    <File ovf:id="i" ovf:href="icon.png"/></References>
  <DiskSection><Info/><Disk ovf:diskId="d" ovf:capacity="7" ovf:fileRef="f" ovf:format="u"/></DiskSection>
  <SharedDiskSection><Info/><SharedDisk ovf:diskId="s" ovf:capacity="9" ovf:readOnly="true"/></SharedDiskSection>
  <NetworkSection><Info/><Network ovf:name="n"><Description>net</Description>
    <NetworkPortProfileURI>urn:port</NetworkPortProfileURI></Network></NetworkSection>
  <PlacementGroupSection ovf:id="g" ovf:policy="Affinity"><Info>group</Info><Description>together</Description></PlacementGroupSection>
  <EncryptionSection><Info/><e:EncryptionMethod Algorithm="urn:aes"/>
    <e:ReferenceList><e:DataReference URI="other.bin"/></e:ReferenceList></EncryptionSection>
  <x:IpAssignmentSection ovf:required="false" x:protocols="IPv4"><Info>kept</Info><plain xmlns="" a="1">text<in/></plain></x:IpAssignmentSection>
  <VirtualSystemCollection ovf:id="all"><Info/>
    <ResourceAllocationSection><Info>limits</Info><Item ovf:bound="max"><r:ElementName>cpus</r:ElementName>
      <r:InstanceID>1</r:InstanceID><r:ResourceType>3</r:ResourceType><r:VirtualQuantity>8</r:VirtualQuantity></Item></ResourceAllocationSection>
    <ScaleOutSection ovf:id="vm"><Info>web</Info><Description>how many</Description>
      <InstanceCount ovf:default="4" ovf:minimum="2" ovf:maximum="8"/></ScaleOutSection>
    <VirtualSystem ovf:id="vm"><Info/><Name>VM</Name>
      <InstallSection ovf:initialBootStopDelay="300"><Info>first boot</Info></InstallSection>
      <BootDeviceSection><Info/><bc:CIM_BootConfigSetting><bc:Caption>Menu</bc:Caption><bc:Description>order</bc:Description>
        <bs:CIM_BootSourceSetting><bs:Caption>net</bs:Caption><bs:InstanceID>4</bs:InstanceID>
          <bs:StructuredBootString>CIM:Network:1</bs:StructuredBootString></bs:CIM_BootSourceSetting></bc:CIM_BootConfigSetting></BootDeviceSection>
      <VirtualHardwareSection ovf:id="hw"><Info/><StorageItem><s:Caption>disk</s:Caption><s:ElementName>disk</s:ElementName><s:HostResource>ovf:/disk/d</s:HostResource>
        <s:InstanceID>4</s:InstanceID><s:ResourceType>31</s:ResourceType><s:VirtualResourceBlockSize>512</s:VirtualResourceBlockSize>
        <x:Config ovf:required="false" x:key="slot" x:value="160"/></StorageItem></VirtualHardwareSection>
      <ProductSection><Info/><Icon ovf:height="32" ovf:width="48" ovf:mimeType="image/png" ovf:fileRef="i"/></ProductSection>
      <EnvironmentFilesSection ovf:transport="iso"><Info/><File ovf:fileRef="c" ovf:path="setup/cfg.xml"/></EnvironmentFilesSection>
      <PlacementSection ovf:group="g"><Info/></PlacementSection>
    </VirtualSystem>
  </VirtualSystemCollection>
</Envelope>)";
    if (!replaced.empty()) {
        REQUIRE(text.find(replaced) != std::string::npos);
        text.replace(text.find(replaced), replaced.size(), by);
    }
    return text;
}

std::vector<std::string> codes_of(const std::string& text) {
    std::vector<std::string> codes;
    for (const auto& diagnostic : examine_envelope(text, "a.ovf").diagnostics) {
        codes.push_back(diagnostic.code);
    }
    return codes;
}

void check_code(const std::string& replaced, const std::string& by, const std::string& code) {
    INFO(by);
    const auto codes = codes_of(sample(replaced, by));
    CHECK(std::count(codes.begin(), codes.end(), code) == 1);
}

}  // namespace

TEST_CASE("the sections of OVF 2 are read", "[ovfkit][descriptor]") {
    const Envelope envelope = read_envelope(sample(), "a.ovf");
    CHECK(envelope.version == "2.1");
    REQUIRE(envelope.disks.size() == 2);
    CHECK(envelope.disks[1].shared);
    CHECK(envelope.disks[1].read_only);
    CHECK(envelope.networks.front().port_profile_uris == std::vector<std::string>{"urn:port"});
    CHECK(envelope.placement_groups.front().policy == "Affinity");
    CHECK(envelope.encryption.front().algorithms == std::vector<std::string>{"urn:aes"});
    CHECK(envelope.encryption.front().hrefs == std::vector<std::string>{"other.bin"});
    const auto& collection = std::get<VirtualSystemCollection>(*envelope.content);
    CHECK(collection.resource_allocation->items.front().bound == HardwareItem::Bound::maximum);
    CHECK(collection.scale_outs.front().initial == 4);
    CHECK(collection.scale_outs.front().maximum == 8);
    const auto& system = std::get<VirtualSystem>(collection.members.front());
    CHECK(system.install->stop_delay_seconds == 300);
    CHECK(system.boot_configurations.front().sources.front().boot_string == "CIM:Network:1");
    CHECK(system.environment_files.front().path == "setup/cfg.xml");
    CHECK(system.environment_files_transport == "iso");
    CHECK(system.placement->group == "g");
    CHECK(system.products.front().icons.front().width == 48);
    const HardwareItem& item = system.hardware.front().items.front();
    CHECK(item.kind == HardwareItem::Kind::storage);
    CHECK(item.other_values == std::vector<ItemValue>{{"VirtualResourceBlockSize", "512"}});
    CHECK(item.settings.front().key == "slot");
}

TEST_CASE("the sections of OVF 2 read back as they were written", "[ovfkit][descriptor]") {
    const Envelope envelope = read_envelope(sample(), "a.ovf");
    const std::string text = write_envelope(envelope);
    INFO(text);
    CHECK(read_envelope(text, "again.ovf") == envelope);
    CHECK(text.find("<sasd:HostResource>") != std::string::npos);
    CHECK(text.find("<vmw:IpAssignmentSection") != std::string::npos);
}

TEST_CASE("what an older version cannot say is told and left out", "[ovfkit][descriptor]") {
    Envelope envelope = read_envelope(sample(), "a.ovf");
    CHECK(losses_of(envelope, "2.0").empty());
    const std::vector<std::string> losses{"that disk 's' is shared",
                                          "the PlacementGroupSection 'g'",
                                          "the EncryptionSection",
                                          "the BootDeviceSection of 'vm'",
                                          "the EnvironmentFilesSection of 'vm'",
                                          "the PlacementSection of 'vm'",
                                          "the ScaleOutSection of 'vm'"};
    CHECK(losses_of(envelope, "1.1") == losses);
    const std::string text =
        write_envelope(envelope, {.version = "1.1", .unknown_sections = false});
    CHECK(text.find("ScaleOutSection") == std::string::npos);
    CHECK(text.find("IpAssignment") == std::string::npos);
    const Envelope again = read_envelope(text, "again.ovf");
    CHECK(again.version == "1.1");
    CHECK(again.disks.size() == 2);
    envelope.version = "1.0";  // the sections decide
    CHECK(read_envelope(write_envelope(envelope), "again.ovf").version == "2.1");
    CHECK(tests::error_of([&] { write_envelope(envelope, {.version = "3.0"}); }).kind() ==
          base::ErrorKind::invalid_input);
}

TEST_CASE("OVF 0.9 is written in its own words", "[ovfkit][descriptor]") {
    Envelope envelope = read_envelope(sample(), "a.ovf");
    const std::string text = write_envelope(envelope, {.version = "0.9"});
    CHECK(text.find("<Section xsi:type=\"ovf:DiskSection_Type\">") != std::string::npos);
    CHECK(text.find("<rasd:InstanceId>4</rasd:InstanceId>") != std::string::npos);
    const Envelope again = read_envelope(text, "again.ovf");
    CHECK(again.version == "0.9");
    const auto& collection = std::get<VirtualSystemCollection>(*again.content);
    CHECK(std::get<VirtualSystem>(collection.members.front()).name == "VM");
}

TEST_CASE("references of the smaller sections lead somewhere", "[ovfkit][descriptor]") {
    CHECK(codes_of(sample()) == std::vector<std::string>{"section-not-honoured"});
    check_code("ovf:fileRef=\"c\"", "ovf:fileRef=\"x\"", "unknown-file");
    check_code("ovf:fileRef=\"i\"", "ovf:fileRef=\"x\"", "unknown-file");
    check_code("ovf:group=\"g\"", "ovf:group=\"x\"", "unknown-group");
    check_code("ScaleOutSection ovf:id=\"vm\"", "ScaleOutSection ovf:id=\"x\"", "unknown-system");
    check_code("ovf:minimum=\"2\"", "ovf:minimum=\"5\"", "bad-count");
    check_code("<InstanceCount ovf:default=\"4\" ovf:minimum=\"2\" ovf:maximum=\"8\"/>", "",
               "missing-count");
    check_code("<bs:InstanceID>4<", "<bs:InstanceID>5<", "unknown-boot-device");
    check_code("</VirtualSystemCollection>",
               "</VirtualSystemCollection><Strings xml:lang=\"de\" ovf:fileRef=\"x\"/>",
               "unknown-file");
}

TEST_CASE("an encrypted file that is needed is unsupported", "[ovfkit][descriptor]") {
    const auto error = tests::error_of(
        [] { read_envelope(sample("URI=\"other.bin\"", "URI=\"a.vmdk\""), "a.ovf"); });
    CHECK(error.kind() == base::ErrorKind::unsupported);
    CHECK_THAT(error.message(), Catch::Contains("file 'a.vmdk' is encrypted"));
}
