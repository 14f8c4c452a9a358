// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/descriptor/read_envelope.h"

#include <algorithm>

#include "tests/support/catch.h"

using ovfkit::examine_envelope;
using ovfkit::read_envelope;

namespace {

std::string envelope_of(const std::string& inside) {
    return "<Envelope xmlns=\"http://schemas.dmtf.org/ovf/envelope/1\" "
           "xmlns:ovf=\"http://schemas.dmtf.org/ovf/envelope/1\" "
           "xmlns:r=\"http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/"
           "CIM_ResourceAllocationSettingData\" xmlns:muster=\"urn:muster:ovf:1\">\n" +
           inside + "</Envelope>";
}

std::string with_system(const std::string& before, const std::string& inside = "") {
    return envelope_of(before + "<VirtualSystem ovf:id=\"vm\"><Info/>" + inside +
                       "</VirtualSystem>\n");
}

std::vector<std::string> codes_of(const std::string& text) {
    std::vector<std::string> codes;
    for (const auto& diagnostic : examine_envelope(text, "a.ovf").diagnostics) {
        codes.push_back(diagnostic.code);
    }
    return codes;
}

void check_code(const std::string& text, const std::string& code) {
    INFO(text);
    const auto codes = codes_of(text);
    CHECK(std::count(codes.begin(), codes.end(), code) == 1);
}

}  // namespace

TEST_CASE("the smallest descriptor is read", "[ovfkit][descriptor]") {
    const auto envelope = read_envelope(with_system("<References/>"), "a.ovf");
    CHECK(envelope.id == "vm");
    CHECK(envelope.name == "vm");
    CHECK(envelope.version == "1.0");
}

TEST_CASE("all problems are told, each with its line and column", "[ovfkit][descriptor]") {
    const std::string text = with_system(
        "<References>\n<File ovf:id=\"f\" ovf:href=\"a\"/>\n<File ovf:id=\"f\" "
        "ovf:href=\"a\"/></References>\n"
        "<DiskSection><Info/>\n<Disk ovf:diskId=\"d\" ovf:capacity=\"1\" "
        "ovf:fileRef=\"g\"/></DiskSection>\n");
    const auto error = tests::error_of([&] { read_envelope(text, "a.ovf"); });
    CHECK(error.kind() == base::ErrorKind::invalid_input);
    CHECK(error.message() ==
          "a.ovf:4:1: the file id 'f' stands twice; a.ovf:4:1: the href 'a' stands twice; "
          "a.ovf:6:1: disk 'd' refers to unknown file 'g'");
}

TEST_CASE("a DOCTYPE is invalid input", "[ovfkit][descriptor]") {
    const auto error = tests::error_of([] {
        read_envelope("<!DOCTYPE x SYSTEM \"file:///etc/passwd\">\n" + with_system(""), "a.ovf");
    });
    CHECK(error.kind() == base::ErrorKind::invalid_input);
    CHECK_THAT(error.message(), Catch::StartsWith("a.ovf:1:1: DOCTYPE"));
}

TEST_CASE("a required section that nobody knows is unsupported and named", "[ovfkit][descriptor]") {
    const std::string section = "<x:MagicSection xmlns:x=\"urn:x\"><Info/></x:MagicSection>";
    const auto error = tests::error_of([&] { read_envelope(with_system(section), "a.ovf"); });
    CHECK(error.kind() == base::ErrorKind::unsupported);
    CHECK_THAT(error.message(), Catch::Contains("'MagicSection' of the envelope is required"));
    const auto envelope = read_envelope(
        with_system(
            "<x:MagicSection xmlns:x=\"urn:x\" ovf:required=\"false\"><Info/></x:MagicSection>"),
        "a.ovf");
    REQUIRE(envelope.unknown_sections.size() == 1);
    CHECK(envelope.unknown_sections.front().namespace_uri == "urn:x");
}

TEST_CASE("a web page and a later OVF are told apart", "[ovfkit][descriptor]") {
    CHECK(tests::error_of([] { read_envelope("<html><body/></html>", "a"); }).kind() ==
          base::ErrorKind::invalid_input);
    CHECK(tests::error_of([] {
              read_envelope("<Envelope xmlns=\"http://schemas.dmtf.org/ovf/envelope/3\"/>", "a");
          }).kind() == base::ErrorKind::unsupported);
}

TEST_CASE("units, numbers and booleans are checked", "[ovfkit][descriptor]") {
    const auto disk = [](const std::string& attributes) {
        return with_system("<DiskSection><Info/><Disk ovf:diskId=\"d\" " + attributes +
                           "/></DiskSection>\n");
    };
    CHECK(read_envelope(disk("ovf:capacity=\"3\" ovf:capacityAllocationUnits=\"byte * 2^30\""), "a")
              .disks.front()
              .capacity_bytes == 3ULL << 30U);
    check_code(disk("ovf:capacity=\"x\""), "bad-number");
    check_code(disk("ovf:capacity=\"99999999999\" ovf:capacityAllocationUnits=\"byte*2^40\""),
               "bad-number");
    check_code(disk("ovf:capacity=\"1\" ovf:capacityAllocationUnits=\"parsecs\""), "bad-units");
    check_code(disk("ovf:capacity=\"1\" ovf:populatedSize=\"2\""), "populated-over-capacity");
    check_code(disk("ovf:capacity=\"0\""), "no-capacity");
    check_code(disk("ovf:capacity=\"1\" ovf:parentRef=\"e\""), "unknown-disk");
    check_code(disk("ovf:capacity=\"1\" ovf:parentRef=\"d\""), "parent-cycle");
    check_code(with_system("<DeploymentOptionSection><Info/><Configuration ovf:id=\"c\" "
                           "ovf:default=\"perhaps\"/></DeploymentOptionSection>"),
               "bad-boolean");
}

TEST_CASE("hardware that refers to nothing is told", "[ovfkit][descriptor]") {
    const auto item = [](const std::string& children) {
        return with_system(
            "", "<VirtualHardwareSection><Info/><Item><r:InstanceID>1</r:InstanceID>" + children +
                    "</Item></VirtualHardwareSection>");
    };
    check_code(
        item("<r:ResourceType>17</r:ResourceType><r:HostResource>ovf:/disk/x</r:HostResource>"),
        "unknown-disk");
    check_code(
        item("<r:ResourceType>15</r:ResourceType><r:HostResource>ovf:/file/x</r:HostResource>"),
        "unknown-file");
    check_code(item("<r:ResourceType>10</r:ResourceType><r:Connection>x</r:Connection>"),
               "unknown-network");
    check_code(item("<r:ResourceType>17</r:ResourceType><r:Parent>9</r:Parent>"), "unknown-parent");
    check_code(item("<r:ResourceType>4</r:ResourceType><r:VirtualQuantity>1</r:VirtualQuantity>"
                    "<r:AllocationUnits>sheep</r:AllocationUnits>"),
               "bad-units");
    check_code(item(""), "missing-resource-type");
    const std::string cpu =
        "<Item><r:InstanceID>2</r:InstanceID><r:ResourceType>3</r:ResourceType>";
    const auto hardware = [](const std::string& items) {
        return with_system("",
                           "<VirtualHardwareSection><Info/>" + items + "</VirtualHardwareSection>");
    };
    check_code(hardware("<Item><r:ResourceType>3</r:ResourceType></Item>"), "missing-instance-id");
    check_code(hardware(cpu + "</Item>" + cpu + "</Item>"), "duplicate-instance-id");
    check_code(hardware("<Item ovf:configuration=\"huge\"><r:InstanceID>2</r:InstanceID>"
                        "<r:ResourceType>3</r:ResourceType></Item>"),
               "unknown-configuration");
}

TEST_CASE("properties have a key, a type and stand once", "[ovfkit][descriptor]") {
    const auto product = [](const std::string& properties) {
        return with_system("", "<ProductSection><Info/>" + properties + "</ProductSection>");
    };
    check_code(product("<Property ovf:type=\"string\"/>"), "missing-attribute");
    check_code(product("<Property ovf:key=\"k\"/>"), "missing-attribute");
    check_code(product("<Property ovf:key=\"k\" ovf:type=\"colour\"/>"), "unknown-type");
    check_code(product("<Property ovf:key=\"k\" ovf:type=\"int\"/><Property ovf:key=\"k\" "
                       "ovf:type=\"int\"/>"),
               "duplicate-key");
    check_code(
        product("<Property ovf:key=\"k\" ovf:type=\"string\" muster:value=\"${db.ip.back}\"/>"),
        "unknown-reference");
    check_code(product("<Property ovf:key=\"k\" ovf:type=\"string\" muster:value=\"${\"/>"),
               "bad-template");
}

TEST_CASE("startup and published ports name systems that exist", "[ovfkit][descriptor]") {
    const auto collection = [](const std::string& inside) {
        return envelope_of("<VirtualSystemCollection ovf:id=\"c\"><Info/>" + inside +
                           "<VirtualSystem ovf:id=\"vm\"><Info/></VirtualSystem>"
                           "</VirtualSystemCollection>");
    };
    check_code(
        collection("<StartupSection><Info/><Item ovf:id=\"x\" ovf:order=\"1\"/></StartupSection>"),
        "unknown-system");
    check_code(collection("<muster:AssemblySection muster:name=\"a\"><Info/><muster:Publish "
                          "muster:machine=\"x\" muster:port=\"80\"/></muster:AssemblySection>"),
               "unknown-system");
    check_code(collection("<muster:AssemblySection muster:name=\"a\"><Info/><muster:Publish "
                          "muster:machine=\"vm\" muster:port=\"99999\"/></muster:AssemblySection>"),
               "bad-port");
    check_code(envelope_of("<VirtualSystem ovf:id=\"vm\"><Info/><muster:MachineSection><Info/>"
                           "<muster:Endpoint muster:direction=\"across\" muster:name=\"x\"/>"
                           "</muster:MachineSection></VirtualSystem>"),
               "bad-endpoint");
    check_code(collection("<StartupSection><Info/><Item ovf:id=\"vm\" ovf:order=\"1\" "
                          "ovf:startAction=\"explode\"/></StartupSection>"),
               "bad-action");
    check_code(collection("<StartupSection><Info/><Item ovf:id=\"vm\" ovf:order=\"1\" "
                          "ovf:stopAction=\"explode\"/></StartupSection>"),
               "bad-action");
    CHECK(codes_of(collection("")).empty());
}

TEST_CASE("sections of the envelope and of a system are told apart", "[ovfkit][descriptor]") {
    check_code(with_system("", "<NetworkSection><Info/></NetworkSection>"), "misplaced-section");
    check_code(with_system("<ProductSection><Info/></ProductSection>"), "misplaced-section");
    check_code(envelope_of("<References/>"), "no-content");
}

TEST_CASE("a section that may stand once stands once", "[ovfkit][descriptor]") {
    const std::string networks = "<NetworkSection><Info/></NetworkSection>";
    check_code(with_system(networks + networks), "duplicate-section");
    const std::string os = "<OperatingSystemSection ovf:id=\"1\"><Info/></OperatingSystemSection>";
    check_code(with_system("", os + os), "duplicate-section");
    check_code(with_system("", "<OperatingSystemSection><Info/></OperatingSystemSection>"),
               "missing-attribute");
}

TEST_CASE("OVF 0.9 wants an Info in its content and disks in the order of their files",
          "[ovfkit][descriptor]") {
    const auto old = [](const std::string& info, const std::string& first,
                        const std::string& second) {
        return R"(<o:Envelope xmlns:x="http://www.w3.org/2001/XMLSchema-instance"
             xmlns:o="http://www.vmware.com/schema/ovf/1/envelope" o:version="0.9">
           <References><File o:id="a" o:href="a"/><File o:id="b" o:href="b"/></References>
           <Section x:type="o:DiskSection_Type"><Info/>
             <Disk o:diskId="1" o:capacity="5" o:format="f" o:fileRef=")" +
               first + R"("/><Disk o:diskId="2" o:capacity="5" o:format="f" o:fileRef=")" + second +
               R"("/></Section><Content x:type="o:VirtualSystem_Type" o:id="vm">)" + info +
               "</Content></o:Envelope>";
    };
    CHECK(codes_of(old("<Info/>", "a", "b")).empty());
    check_code(old("", "a", "b"), "missing-info");
    check_code(old("<Info/>", "b", "a"), "disk-order");
}

TEST_CASE("OVF 0.9 names its sections by type", "[ovfkit][descriptor]") {
    const auto envelope = read_envelope(
        R"(<o:Envelope xmlns:x="http://www.w3.org/2001/XMLSchema-instance"
             xmlns:o="http://www.vmware.com/schema/ovf/1/envelope" o:version="0.9"
             xmlns:r="urn:r">
           <References><File o:id="f" o:href="d.vmdk"/></References>
           <Section x:type="o:DiskSection_Type"><Info/>
             <Disk o:diskId="d" o:fileRef="f" o:capacity="5" o:format="urn:f"/></Section>
           <Content x:type="o:VirtualSystem_Type" o:id="vm"><Info/>
             <Section x:type="o:VirtualHardwareSection_Type"><Info/>
               <Item><r:Caption>disk</r:Caption><r:InstanceId>7</r:InstanceId>
                 <r:ResourceType>17</r:ResourceType><r:HostResource>/disk/d</r:HostResource></Item>
             </Section></Content></o:Envelope>)",
        "a");
    CHECK(envelope.version == "0.9");
    const auto& system = std::get<ovfkit::VirtualSystem>(*envelope.content);
    CHECK(system.hardware.front().items.front().instance_id == "7");
    CHECK(system.hardware.front().items.front().element_name == "disk");
}
