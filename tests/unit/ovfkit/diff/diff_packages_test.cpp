// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/diff/diff_packages.h"

#include <algorithm>

#include <fmt/format.h>

#include "ovfkit/descriptor/read_envelope.h"
#include "tests/support/catch.h"
#include "tests/unit/ovfkit/lint/clean_descriptor.h"

using ovfkit::Change;
using ovfkit::Envelope;
using tests::kCleanDescriptor;
using tests::replaced;

namespace {

using Digests = std::map<std::string, std::string>;
using Lines = std::vector<std::string>;

// "machine 'web' ~ memory: 1 GiB -> 2 GiB"
Lines lines_of(const std::vector<Change>& changes) {
    Lines lines;
    for (const Change& change : changes) {
        const char sign = change.kind == Change::Kind::added     ? '+'
                          : change.kind == Change::Kind::removed ? '-'
                                                                 : '~';
        lines.push_back(fmt::format("{} {} {}: {} -> {}", change.subject, sign, change.what,
                                    change.before, change.after));
    }
    return lines;
}

Lines diff(const std::string& before, const std::string& after, const Digests& old_digests = {},
           const Digests& new_digests = {}) {
    const Envelope a = ovfkit::read_envelope(before, "a.ovf");
    const Envelope b = ovfkit::read_envelope(after, "b.ovf");
    return lines_of(ovfkit::diff_packages({a, old_digests}, {b, new_digests}));
}

Lines diff_with(std::string_view from, std::string_view to) {
    return diff(kCleanDescriptor, replaced(kCleanDescriptor, from, to));
}

std::string collection_of(const std::string& sections, const std::string& systems) {
    return R"(<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"
        xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
        xmlns:muster="urn:muster:ovf:1"><References/>
      <VirtualSystemCollection ovf:id="all"><Info>All</Info>)" +
           sections + systems + "</VirtualSystemCollection></Envelope>";
}

std::string system_of(const std::string& id, const std::string& name) {
    return "<VirtualSystem ovf:id=\"" + id + "\"><Info>M</Info><Name>" + name +
           "</Name></VirtualSystem>";
}

}  // namespace

TEST_CASE("a descriptor does not differ from itself", "[ovfkit][diff]") {
    CHECK(diff(kCleanDescriptor, kCleanDescriptor).empty());
}

TEST_CASE("order, units, prefixes and ids are no difference", "[ovfkit][diff]") {
    CHECK(diff_with("byte * 2^20</rasd:AllocationUnits>", "MegaBytes</rasd:AllocationUnits>")
              .empty());
    CHECK(diff_with("ovf:capacity=\"1048576\"",
                    "ovf:capacity=\"1\" ovf:capacityAllocationUnits=\"byte * 2^20\"")
              .empty());
    std::string renamed = replaced(kCleanDescriptor, "ovf:diskId=\"sys\"", "ovf:diskId=\"root\"");
    renamed = replaced(renamed, "ovf:/disk/sys", "ovf:/disk/root");
    renamed = replaced(renamed, "ovf:id=\"f1\"", "ovf:id=\"file9\"");
    renamed = replaced(renamed, "ovf:fileRef=\"f1\"", "ovf:fileRef=\"file9\"");
    CHECK(diff(kCleanDescriptor, renamed).empty());
    // Another prefix for the same namespace, and the sections of the machine the other way round.
    std::string prefixed = kCleanDescriptor;
    for (std::size_t at = 0; (at = prefixed.find("vssd", at)) != std::string::npos; at += 1) {
        prefixed.replace(at, 4, "x");
    }
    CHECK(diff(kCleanDescriptor, prefixed).empty());
    const std::size_t product = kCleanDescriptor.find("    <ProductSection>");
    const std::size_t end = kCleanDescriptor.find("  </VirtualSystem>");
    std::string moved = kCleanDescriptor.substr(0, product) + kCleanDescriptor.substr(end);
    moved =
        replaced(moved, "    <OperatingSystemSection",
                 kCleanDescriptor.substr(product, end - product) + "    <OperatingSystemSection");
    CHECK(diff(kCleanDescriptor, moved).empty());
}

TEST_CASE("hardware is compared machine by machine", "[ovfkit][diff]") {
    CHECK(diff_with("<rasd:VirtualQuantity>2<", "<rasd:VirtualQuantity>4<") ==
          Lines{"machine 'web' ~ processors: 2 -> 4"});
    CHECK(diff_with("<rasd:VirtualQuantity>1024<", "<rasd:VirtualQuantity>2048<") ==
          Lines{"machine 'web' ~ memory: 1 GiB -> 2 GiB"});
    CHECK(diff_with("ovf:capacity=\"1048576\"", "ovf:capacity=\"2097152\"") ==
          Lines{"machine 'web' ~ capacity of disk 1: 1 MiB -> 2 MiB"});
    CHECK(diff_with(">lsilogic<", ">buslogic<") ==
          Lines{"machine 'web' ~ place of disk 1: SCSI (lsilogic) at 0 -> SCSI (buslogic) at 0",
                "machine 'web' ~ other devices: type 5, type 6 (lsilogic) -> type 5, type 6 "
                "(buslogic)"});
    CHECK(diff_with(">E1000<", ">VmxNet3<") ==
          Lines{"machine 'web' ~ kind of network adapter 1: E1000 -> VmxNet3"});
    CHECK(diff_with(">vmx-14<", ">vmx-19<") ==
          Lines{"machine 'web' ~ kind of hardware: vmx-14 -> vmx-19"});
    CHECK(diff_with("iso com.vmware.guestInfo", "iso") ==
          Lines{"machine 'web' ~ transport of the environment: com.vmware.guestInfo, iso -> iso"});
    CHECK(diff_with("ovf:id=\"96\"", "ovf:id=\"94\"") ==
          Lines{"machine 'web' ~ number of the operating system: 96 -> 94"});
}

TEST_CASE("disks and adapters come and go", "[ovfkit][diff]") {
    const std::string adapter =
        "<Item><rasd:Connection>back</rasd:Connection><rasd:ElementName>N2</rasd:ElementName>"
        "<rasd:InstanceID>9</rasd:InstanceID><rasd:ResourceType>10</rasd:ResourceType></Item>";
    const std::string more = replaced(kCleanDescriptor, "</VirtualHardwareSection>",
                                      adapter + "</VirtualHardwareSection>");
    CHECK(diff(kCleanDescriptor, more) == Lines{"machine 'web' + network adapter 2:  -> back"});
    CHECK(diff(more, kCleanDescriptor) == Lines{"machine 'web' - network adapter 2: back -> "});
    const auto network =
        diff_with("</NetworkSection>", "<Network ovf:name=\"front\"/></NetworkSection>");
    CHECK(network == Lines{"networks + network 'front':  -> "});
    CHECK(diff_with("<rasd:ResourceType>15<", "<rasd:ResourceType>14<") ==
          Lines{"machine 'web' - CD drive 1: IDE at 0 -> ",
                "machine 'web' ~ other devices: type 5, type 6 (lsilogic) -> type 14, type 5, "
                "type 6 (lsilogic)"});
}

TEST_CASE("files are compared by their digests when both are packages", "[ovfkit][diff]") {
    const std::string renamed = replaced(kCleanDescriptor, "disk1.vmdk", "root.vmdk");
    CHECK(diff(kCleanDescriptor, renamed, {{"disk1.vmdk", "aa"}}, {{"root.vmdk", "aa"}}).empty());
    CHECK(
        diff(kCleanDescriptor, kCleanDescriptor, {{"disk1.vmdk", "aa"}}, {{"disk1.vmdk", "bb"}}) ==
        Lines{"machine 'web' ~ content of disk 1: SHA-256 aa -> SHA-256 bb",
              "files - 'disk1.vmdk': SHA-256 aa -> ", "files + 'disk1.vmdk':  -> SHA-256 bb"});
    // A descriptor has no digests: then names and sizes count.
    CHECK(diff(kCleanDescriptor, kCleanDescriptor, {{"disk1.vmdk", "aa"}}, {}).empty());
    CHECK(diff(kCleanDescriptor, renamed).size() == 3);
}

TEST_CASE("products, properties and licences are compared", "[ovfkit][diff]") {
    CHECK(diff_with("<Version>1</Version>", "<Version>2</Version>") ==
          Lines{"machine 'web' ~ version of product 'Shop': 1 -> 2"});
    CHECK(diff_with("ovf:value=\"Shop\"", "ovf:value=\"Store\"") ==
          Lines{"machine 'web' ~ default of property 'title': 'Shop' -> 'Store'"});
    CHECK(diff_with("ovf:value=\"Shop\"", "") ==
          Lines{"machine 'web' ~ default of property 'title': 'Shop' -> none"});
    CHECK(diff_with("ovf:userConfigurable=\"true\"", "ovf:userConfigurable=\"false\"") ==
          Lines{"machine 'web' ~ being set by the user of property 'title': yes -> no"});
    CHECK(diff_with("ovf:key=\"title\"", "ovf:key=\"heading\"") ==
          Lines{"machine 'web' - property 'title': 'Shop' -> ",
                "machine 'web' + property 'heading':  -> 'Shop'"});
    const auto licence = [](const std::string& text) {
        return replaced(kCleanDescriptor, "<ProductSection>",
                        "<EulaSection><Info>E</Info><License>" + text +
                            "</License></EulaSection><ProductSection>");
    };
    CHECK(diff(kCleanDescriptor, licence("Agree")) ==
          Lines{"machine 'web' + licence 1:  -> Agree"});
    const auto changed =
        diff(licence(std::string(100, 'a') + "1"), licence(std::string(100, 'a') + "2"));
    REQUIRE(changed.size() == 1);
    CHECK(changed[0].find("(101 bytes, SHA-256 ") != std::string::npos);
}

TEST_CASE("the value of a password is not shown", "[ovfkit][diff]") {
    const auto with = [](const std::string& value) {
        return replaced(kCleanDescriptor, "ovf:value=\"Shop\"",
                        "ovf:password=\"true\" ovf:value=\"" + value + "\"");
    };
    const Lines lines = diff(with("topsecret"), with("moresecret"));
    CHECK(lines == Lines{"machine 'web' ~ default of property 'title': *** (another) -> ***"});
    const Lines gone = diff(with("topsecret"),
                            replaced(kCleanDescriptor, "ovf:key=\"title\"", "ovf:key=\"other\""));
    CHECK(std::none_of(gone.begin(), gone.end(), [](const std::string& line) {
        return line.find("topsecret") != std::string::npos;
    }));
}

TEST_CASE("machines are matched by id, then by name", "[ovfkit][diff]") {
    const std::string two = collection_of("", system_of("a", "alpha") + system_of("b", "beta"));
    CHECK(diff(two, collection_of("", system_of("b", "beta") + system_of("a", "alpha"))).empty());
    CHECK(diff(two, collection_of("", system_of("a", "alpha") + system_of("c", "beta"))) ==
          Lines{"collection 'all' ~ members: a, b -> a, c", "machine 'b' ~ id: b -> c"});
    CHECK(diff(two, collection_of("", system_of("a", "alpha"))) ==
          Lines{"collection 'all' ~ members: a, b -> a",
                "machine 'b' - : 0 disks, 0 network adapters -> "});
    CHECK(diff(collection_of("", system_of("a", "alpha")), two).back() ==
          "machine 'b' + :  -> 0 disks, 0 network adapters");
}

TEST_CASE("the start order and what is published are compared", "[ovfkit][diff]") {
    const std::string systems = system_of("a", "a") + system_of("b", "b");
    const auto with = [&](const std::string& items) {
        return collection_of("<StartupSection><Info>S</Info>" + items + "</StartupSection>",
                             systems);
    };
    const std::string first = R"(<Item ovf:id="a" ovf:order="1"/><Item ovf:id="b" ovf:order="2"/>)";
    const std::string swapped =
        R"(<Item ovf:id="b" ovf:order="2"/><Item ovf:id="a" ovf:order="1"/>)";
    CHECK(diff(with(first), with(swapped)).empty());
    const Lines later = diff(with(first), with(replaced(first, "order=\"2\"", "order=\"3\"")));
    REQUIRE(later.size() == 1);
    CHECK(later[0].find("collection 'all' ~ start of 'b': order 2") == 0);
    CHECK(diff(with(first), collection_of("", systems)).size() == 2);
}

TEST_CASE("changes become JSON", "[ovfkit][diff]") {
    const base::Json json =
        ovfkit::to_json({{Change::Kind::changed, "machine 'web'", "memory", "1 GiB", "2 GiB"}});
    REQUIRE(json.size() == 1);
    CHECK(json[0]["kind"] == "changed");
    CHECK(json[0]["subject"] == "machine 'web'");
    CHECK(json[0]["what"] == "memory");
    CHECK(json[0]["before"] == "1 GiB");
    CHECK(json[0]["after"] == "2 GiB");
}

TEST_CASE("endpoints are compared by direction and name", "[ovfkit][diff]") {
    const auto with = [](const std::string& endpoints) {
        return collection_of("",
                             "<VirtualSystem ovf:id=\"a\"><Info>M</Info><muster:MachineSection>"
                             "<Info>E</Info>" +
                                 endpoints + "</muster:MachineSection></VirtualSystem>");
    };
    const std::string input =
        R"(<muster:Endpoint muster:direction="input" muster:name="http" muster:port="80"/>)";
    const std::string output =
        R"(<muster:Endpoint muster:direction="output" muster:name="db" muster:machine="b"
            muster:input="sql" muster:network="n"/>)";
    CHECK(diff(with(input + output), with(output + input)).empty());
    CHECK(diff(with(input), with(replaced(input, "80", "81"))) ==
          Lines{"machine 'a' ~ input 'http':  80 ->  81"});
    CHECK(diff(with(input), with(input + output)) ==
          Lines{"machine 'a' + output 'db':  ->  to b.sql by n"});
}
