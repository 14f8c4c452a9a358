// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/edit/edit_session.h"

#include <filesystem>

#include "base/file.h"
#include "ovfkit/descriptor/envelope_queries.h"
#include "ovfkit/edit/text_diff.h"
#include "tests/support/catch.h"
#include "tests/unit/ovfkit/edit/edit_samples.h"

using ovfkit::edit::EditSession;
using tests::edited;
using tests::envelope_after;
using tests::kNewDescriptor;
using tests::kOldDescriptor;
using tests::kWebDescriptor;

namespace {

// Only the lines that differ, "-old" and "+new".
std::string changes(const std::string& before, const tests::Steps& steps) {
    const std::string diff = ovfkit::edit::unified_diff(before, edited(before, steps), "x");
    std::string lines;
    std::size_t at = diff.find("@@");
    while (at < diff.size()) {
        const std::size_t end = diff.find('\n', at) + 1;
        if (diff[at] == '-' || diff[at] == '+') {
            const std::size_t text = diff.find_first_not_of(' ', at + 1);
            lines += diff[at] + diff.substr(text, end - text);
        }
        at = end;
    }
    return lines;
}

base::Error refusal(const std::string& text, const tests::Steps& steps) {
    return tests::error_of([&] { edited(text, steps); });
}

const ovfkit::VirtualSystem& web_of(const ovfkit::Envelope& envelope) {
    return *ovfkit::all_systems(envelope).front();
}

}  // namespace

TEST_CASE("cpus and memory change their numbers and the names that say them", "[ovfkit][edit]") {
    CHECK(changes(kWebDescriptor, {{"cpus", "4"}}) ==
          "-<rasd:ElementName>2 virtual CPU(s)</rasd:ElementName>\n"
          "+<rasd:ElementName>4 virtual CPU(s)</rasd:ElementName>\n"
          "-<rasd:VirtualQuantity>2</rasd:VirtualQuantity>\n"
          "+<rasd:VirtualQuantity>4</rasd:VirtualQuantity>\n");
    CHECK(changes(kWebDescriptor, {{"memory", "2 GiB"}}) ==
          "-<rasd:ElementName>1024MB of memory</rasd:ElementName>\n"
          "+<rasd:ElementName>2048MB of memory</rasd:ElementName>\n"
          "-<rasd:VirtualQuantity>1024</rasd:VirtualQuantity>\n"
          "+<rasd:VirtualQuantity>2048</rasd:VirtualQuantity>\n");
    const auto odd = envelope_after(kWebDescriptor, {{"memory", "1536 KiB"}});
    CHECK(ovfkit::memory_bytes_of(web_of(odd), "") == 1536U * 1024U);
}

TEST_CASE("a quantity outside of its bounds is refused", "[ovfkit][edit]") {
    const auto error = refusal(kWebDescriptor, {{"memory", "16GiB"}});
    CHECK(error.kind() == base::ErrorKind::invalid_input);
    CHECK(error.message() ==
          "--memory: 16 GiB memory is above what the descriptor allows (at most 8 GiB)");
    CHECK(refusal(kWebDescriptor, {{"cpus", "0"}}).kind() == base::ErrorKind::usage);
    CHECK(refusal(kWebDescriptor, {{"memory", "much"}}).kind() == base::ErrorKind::invalid_input);
}

TEST_CASE("cpus of one configuration leave the others alone", "[ovfkit][edit]") {
    const auto envelope =
        envelope_after(kWebDescriptor, {{"configuration", "large"}, {"cpus", "8"}});
    CHECK(ovfkit::cpus_of(web_of(envelope), "large") == 8);
    CHECK(ovfkit::cpus_of(web_of(envelope), "small") == 2);
    const auto again = envelope_after(kWebDescriptor, {{"configuration", "large"},
                                                       {"cpus", "8"},
                                                       {"cpus", "6"},
                                                       {"configuration", ""},
                                                       {"cpus", "3"}});
    CHECK(ovfkit::cpus_of(web_of(again), "large") == 6);
    CHECK(ovfkit::cpus_of(web_of(again), "small") == 3);
    CHECK(refusal(kWebDescriptor, {{"configuration", "huge"}}).kind() ==
          base::ErrorKind::not_found);
}

TEST_CASE("names and texts go where the schema wants them", "[ovfkit][edit]") {
    CHECK(changes(kWebDescriptor, {{"name", "A & B"}}) ==
          "-<Name>Web</Name>\n+<Name>A &amp; B</Name>\n");
    CHECK(changes(kWebDescriptor, {{"annotation", "Made <for> you"}}) ==
          "+<AnnotationSection>\n+<Info>A human-readable annotation</Info>\n"
          "+<Annotation>Made &lt;for&gt; you</Annotation>\n+</AnnotationSection>\n");
    CHECK(changes(kWebDescriptor, {{"annotation", "x"}, {"annotation", ""}}).empty());
    CHECK(changes(kWebDescriptor, {{"product", "vendor=Example"}}) ==
          "+<Vendor>Example</Vendor>\n");
    CHECK(changes(kWebDescriptor, {{"product", "version="}}) == "-<Version>1</Version>\n");
    CHECK(refusal(kWebDescriptor, {{"product", "vender=x"}}).message() ==
          "--product: a product has no field 'vender', did you mean 'vendor'?");
    const base::TempDir folder;
    base::write_file(folder.path() / "eula.txt", "One\nTwo & three\n");
    const auto envelope =
        envelope_after(kWebDescriptor, {{"eula", (folder.path() / "eula.txt").string()}});
    CHECK(web_of(envelope).eulas.at(0).license == "One\nTwo & three");
    CHECK(refusal(kWebDescriptor, {{"eula", "/no/such/file"}}).kind() ==
          base::ErrorKind::not_found);
}

TEST_CASE("properties get values, also for one configuration", "[ovfkit][edit]") {
    CHECK(changes(kWebDescriptor, {{"property", "title=a=\"b\""}}) ==
          "-<Property ovf:key=\"title\" ovf:type=\"string\" ovf:value=\"old\" "
          "ovf:userConfigurable=\"true\"/>\n"
          "+<Property ovf:key=\"title\" ovf:type=\"string\" ovf:value=\"a=&quot;b&quot;\" "
          "ovf:userConfigurable=\"true\"/>\n");
    const auto envelope =
        envelope_after(kWebDescriptor, {{"configuration", "large"}, {"property", "title=big"}});
    CHECK(ovfkit::properties_of(web_of(envelope), "large").at(0).value == "big");
    CHECK(ovfkit::properties_of(web_of(envelope), "small").at(0).value == "old");
    const auto more = envelope_after(
        kWebDescriptor,
        {{"add-property", "port,type=uint16,value=80,label=Port, of the web,user=yes"},
         {"remove-property", "title"}});
    REQUIRE(web_of(more).products.at(0).properties.size() == 1);
    const ovfkit::Property& port = web_of(more).products.at(0).properties.at(0);
    CHECK(port.key == "port");
    CHECK(port.type == "uint16");
    CHECK(port.value == "80");
    CHECK(port.label == "Port, of the web");
    CHECK(port.user_configurable);
    CHECK(refusal(kWebDescriptor, {{"property", "titel=x"}}).hint() == "there are: title of 'web'");
    CHECK(refusal(kWebDescriptor, {{"property", "title"}}).kind() == base::ErrorKind::usage);
    CHECK(refusal(kWebDescriptor, {{"add-property", "title"}}).kind() == base::ErrorKind::conflict);
    CHECK(refusal(kWebDescriptor, {{"add-property", "x,type=text"}}).kind() ==
          base::ErrorKind::usage);
}

TEST_CASE("network adapters are changed, added and removed", "[ovfkit][edit]") {
    CHECK(changes(kWebDescriptor, {{"nic", "1,network=back,type=E1000,mac=00-16-3e-00-00-01"}}) ==
          "+<rasd:Address>00:16:3e:00:00:01</rasd:Address>\n"
          "-<rasd:Connection>front</rasd:Connection>\n"
          "+<rasd:Connection>back</rasd:Connection>\n"
          "-<rasd:ResourceSubType>VmxNet3</rasd:ResourceSubType>\n"
          "+<rasd:ResourceSubType>E1000</rasd:ResourceSubType>\n");
    CHECK(changes(kWebDescriptor, {{"nic", "eth0,mac=00:16:3e:00:00:01"}, {"nic", "1,mac=auto"}})
              .empty());
    CHECK(changes(kWebDescriptor, {{"add-nic", "back"}}) ==
          "+<Item>\n"
          "+<rasd:AddressOnParent>8</rasd:AddressOnParent>\n"
          "+<rasd:AutomaticAllocation>true</rasd:AutomaticAllocation>\n"
          "+<rasd:Connection>back</rasd:Connection>\n"
          "+<rasd:ElementName>Ethernet adapter 2</rasd:ElementName>\n"
          "+<rasd:InstanceID>6</rasd:InstanceID>\n"
          "+<rasd:ResourceSubType>VmxNet3</rasd:ResourceSubType>\n"
          "+<rasd:ResourceType>10</rasd:ResourceType>\n"
          "+</Item>\n");
    CHECK(changes(kWebDescriptor, {{"add-nic", "back"}, {"remove-nic", "2"}}).empty());
    CHECK(
        ovfkit::nics_of(web_of(envelope_after(kWebDescriptor, {{"remove-nic", "1"}})), "").empty());
    CHECK(refusal(kWebDescriptor, {{"nic", "2,network=back"}}).kind() ==
          base::ErrorKind::not_found);
    CHECK(refusal(kWebDescriptor, {{"nic", "1,network=side"}}).kind() ==
          base::ErrorKind::not_found);
    CHECK(refusal(kWebDescriptor, {{"nic", "1,mac=12:34"}}).kind() == base::ErrorKind::usage);
    CHECK(refusal(kWebDescriptor, {{"nic", "1"}}).kind() == base::ErrorKind::usage);
}

TEST_CASE("networks are added, renamed everywhere and removed when free", "[ovfkit][edit]") {
    CHECK(changes(kWebDescriptor, {{"rename-network", "front=lan"}}) ==
          "-<Network ovf:name=\"front\"><Description>To the world</Description></Network>\n"
          "+<Network ovf:name=\"lan\"><Description>To the world</Description></Network>\n"
          "-<rasd:Connection>front</rasd:Connection>\n"
          "+<rasd:Connection>lan</rasd:Connection>\n");
    CHECK(changes(kWebDescriptor, {{"remove-network", "back"}}) ==
          "-<Network ovf:name=\"back\"/>\n");
    const auto envelope = envelope_after(kWebDescriptor, {{"add-network", "dmz,description=A, B"}});
    CHECK(ovfkit::find_network(envelope, "dmz")->description == "A, B");
    CHECK(refusal(kWebDescriptor, {{"remove-network", "front"}}).kind() ==
          base::ErrorKind::conflict);
    CHECK(refusal(kWebDescriptor, {{"add-network", "front"}}).kind() == base::ErrorKind::conflict);
    CHECK(refusal(kWebDescriptor, {{"rename-network", "side=x"}}).kind() ==
          base::ErrorKind::not_found);
}

TEST_CASE("a disk with content grows with it and does not shrink", "[ovfkit][edit]") {
    ovfkit::edit::EditSurroundings eight_gib;
    eight_gib.content_capacity = [](const ovfkit::FileReference& file) {
        CHECK(file.href == "disk1.vmdk");
        return std::uint64_t{8} << 30U;
    };
    const auto error = tests::error_of([&] {
        edited(kWebDescriptor, {{"disk", "vmdisk1,size=7GiB"}}, eight_gib);
    });
    CHECK(error.message() ==
          "--disk: disk 'vmdisk1' has a content of 8 GiB, which does not fit into 7 GiB");
    eight_gib.grow_disk = [](const std::string& disk, std::uint64_t bytes,
                             const std::string& member) {
        CHECK(disk == "vmdisk1");
        CHECK(member == "disk1.vmdk");
        return ovfkit::edit::PreparedDisk{"/tmp/disk1.vmdk", 77, bytes, 1024};
    };
    EditSession session(kWebDescriptor, "web.ovf", eight_gib);
    tests::apply_steps(session, {{"disk", "vmdisk1,size=9GiB"}});
    const auto grown = ovfkit::read_envelope(session.finish(), "web.ovf");
    CHECK(grown.disks.at(0).capacity_bytes == std::uint64_t{9} << 30U);
    CHECK(grown.disks.at(0).populated_bytes == 1024U);
    CHECK(grown.files.at(0).size == 77U);
    CHECK(session.removed_members().contains("disk1.vmdk"));
    REQUIRE(session.added_files().size() == 1);
    CHECK(session.added_files().at(0).member == "disk1.vmdk");
    CHECK(edited(kWebDescriptor, {{"disk", "vmdisk1,size=8GiB"}}, eight_gib) == kWebDescriptor);
    ovfkit::edit::EditSurroundings odd;
    odd.content_capacity = [](const ovfkit::FileReference&) { return std::uint64_t{512} * 3; };
    const std::string mended = edited(kWebDescriptor, {{"disk", "vmdisk1,size=content"}}, odd);
    CHECK(ovfkit::read_envelope(mended, "x").disks.at(0).capacity_bytes == 512 * 3);
    CHECK(refusal(kWebDescriptor, {{"disk", "vmdisk1,size=content"}}).kind() ==
          base::ErrorKind::unsupported);
    CHECK(refusal(kWebDescriptor, {{"disk", "sda,size=1GiB"}}).kind() ==
          base::ErrorKind::not_found);
}

TEST_CASE("disks come and go with their files", "[ovfkit][edit]") {
    const auto envelope = envelope_after(kWebDescriptor, {{"add-disk", "size=20GiB,id=data"}});
    const auto disks = ovfkit::disks_of(envelope, web_of(envelope), "");
    REQUIRE(disks.size() == 2);
    CHECK(disks.at(1).disk->id == "data");
    CHECK(disks.at(1).disk->capacity_bytes == std::uint64_t{20} << 30U);
    CHECK(disks.at(1).controller == disks.at(0).controller);
    CHECK(disks.at(1).item->address_on_parent == 1);

    EditSession session(kWebDescriptor, "web.ovf", {});
    tests::apply_steps(session, {{"remove-disk", "vmdisk1"}});
    const auto rest = ovfkit::read_envelope(session.finish(), "web.ovf");
    CHECK(rest.files.empty());
    CHECK(rest.disks.empty());
    CHECK(ovfkit::disks_of(rest, web_of(rest), "").empty());
    CHECK(session.removed_members() == std::set<std::string>{"disk1.vmdk"});

    CHECK(refusal(kWebDescriptor, {{"remove-file", "file1"}}).kind() == base::ErrorKind::conflict);
    CHECK(refusal(kWebDescriptor, {{"add-disk", "size=20GiB,id=vmdisk1"}}).kind() ==
          base::ErrorKind::conflict);
    CHECK(refusal(kWebDescriptor, {{"add-disk", "size=100"}}).kind() == base::ErrorKind::usage);
}

TEST_CASE("a disk from a file is prepared, referred to and attached", "[ovfkit][edit]") {
    ovfkit::edit::EditSurroundings surroundings;
    surroundings.prepare_disk = [](const std::string& path, const std::string& member) {
        CHECK(path == "/images/data.qcow2");
        CHECK(member == "data.vmdk");
        return ovfkit::edit::PreparedDisk{"/tmp/data.vmdk", 77, 4096, 1024};
    };
    EditSession session(kWebDescriptor, "web.ovf", surroundings);
    tests::apply_steps(session, {{"add-disk", "/images/data.qcow2"}});
    const auto envelope = ovfkit::read_envelope(session.finish(), "web.ovf");
    const ovfkit::Disk* disk = ovfkit::find_disk(envelope, "vmdisk");
    REQUIRE(disk != nullptr);
    CHECK(disk->capacity_bytes == 4096);
    CHECK(disk->populated_bytes == 1024U);
    CHECK(ovfkit::find_file(envelope, disk->file_ref)->href == "data.vmdk");
    CHECK(ovfkit::find_file(envelope, disk->file_ref)->size == 77U);
    REQUIRE(session.added_files().size() == 1);
    CHECK(session.added_files().at(0).member == "data.vmdk");
    CHECK(refusal(kWebDescriptor, {{"add-disk", "/images/disk1.raw"}}).kind() ==
          base::ErrorKind::conflict);
}

TEST_CASE("files are added under plain names of their own", "[ovfkit][edit]") {
    const base::TempDir folder;
    base::write_file(folder.path() / "notes.txt", "hello");
    const std::string path = (folder.path() / "notes.txt").string();
    EditSession session(kWebDescriptor, "web.ovf", {});
    tests::apply_steps(session, {{"add-file", path}});
    const auto envelope = ovfkit::read_envelope(session.finish(), "web.ovf");
    CHECK(envelope.files.at(1).href == "notes.txt");
    CHECK(envelope.files.at(1).size == 5U);
    CHECK(session.added_files().at(0).path == path);
    tests::apply_steps(session, {{"remove-file", "notes"}});
    CHECK(session.finish() == kWebDescriptor);
    CHECK(session.added_files().empty());
    CHECK(refusal(kWebDescriptor, {{"add-file", path + ",member=../x"}}).kind() !=
          base::ErrorKind::internal);
    CHECK(refusal(kWebDescriptor, {{"add-file", path + ",member=DISK1.vmdk"}}).kind() ==
          base::ErrorKind::conflict);
    CHECK(refusal(kWebDescriptor, {{"add-file", path + ",member=web.mf"}}).kind() ==
          base::ErrorKind::conflict);
}

TEST_CASE("OVF 0.9 is edited in its own words", "[ovfkit][edit]") {
    CHECK(changes(kOldDescriptor, {{"cpus", "2"}}) ==
          "-<rasd:Caption>1 virtual CPU(s)</rasd:Caption>\n"
          "+<rasd:Caption>2 virtual CPU(s)</rasd:Caption>\n"
          "-<rasd:VirtualQuantity>1</rasd:VirtualQuantity>\n"
          "+<rasd:VirtualQuantity>2</rasd:VirtualQuantity>\n");
    CHECK(changes(kOldDescriptor, {{"add-nic", "lan,type=PCNet32"}}) ==
          "+<ovf:Item>\n"
          "+<rasd:Caption>Ethernet adapter 1</rasd:Caption>\n"
          "+<rasd:InstanceId>2</rasd:InstanceId>\n"
          "+<rasd:ResourceType>10</rasd:ResourceType>\n"
          "+<rasd:ResourceSubType>PCNet32</rasd:ResourceSubType>\n"
          "+<rasd:AutomaticAllocation>true</rasd:AutomaticAllocation>\n"
          "+<rasd:Connection>lan</rasd:Connection>\n"
          "+</ovf:Item>\n");
    CHECK(changes(kOldDescriptor, {{"annotation", "x"}}) ==
          "+<ovf:Section xsi:type=\"ovf:AnnotationSection_Type\">\n"
          "+<ovf:Info>A human-readable annotation</ovf:Info>\n"
          "+<ovf:Annotation>x</ovf:Annotation>\n"
          "+</ovf:Section>\n");
    CHECK(refusal(kOldDescriptor, {{"name", "x"}}).kind() == base::ErrorKind::unsupported);
}

TEST_CASE("OVF 2 gets its own items for disks and adapters", "[ovfkit][edit]") {
    const std::string text =
        edited(kNewDescriptor, {{"add-nic", "lan"}, {"add-disk", "size=1GiB"}});
    CHECK(text.find("<EthernetPortItem>") != std::string::npos);
    CHECK(text.find("<StorageItem>") != std::string::npos);
    CHECK(text.find("<StorageItem>") < text.find("<EthernetPortItem>"));
    CHECK(text.find(":ElementName>Hard disk 1<") != std::string::npos);
    const auto envelope = ovfkit::read_envelope(text, "new.ovf");
    CHECK(ovfkit::nics_of(web_of(envelope), "").at(0).network == "lan");
    CHECK(ovfkit::disks_of(envelope, web_of(envelope), "").size() == 1);
}

TEST_CASE("a change that makes the descriptor wrong is refused at the end", "[ovfkit][edit]") {
    // What the descriptor has wrong already does not stand in the way.
    std::string broken = kWebDescriptor;
    const std::string name = "front</rasd:Connection>";
    broken.replace(broken.find(name), name.size(), "nowhere</rasd:Connection>");
    CHECK_NOTHROW(edited(broken, {{"cpus", "4"}}));
    CHECK_THROWS_AS(edited("<html/>", {}), base::Error);
    CHECK_THROWS_AS(edited("<Envelope/>", {}), base::Error);
}
