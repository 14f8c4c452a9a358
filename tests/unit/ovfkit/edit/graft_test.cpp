// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/edit/graft.h"

#include "base/error.h"
#include "ovfkit/descriptor/envelope_queries.h"
#include "tests/support/catch.h"
#include "tests/unit/ovfkit/edit/edit_samples.h"

using ovfkit::edit::cut_out;
using ovfkit::edit::EditSession;
using tests::kWebDescriptor;

namespace {

ovfkit::edit::EditSurroundings other_package(const std::string& text) {
    ovfkit::edit::EditSurroundings surroundings;
    surroundings.read_descriptor = [text](const std::string&) {
        return std::pair<std::string, std::string>("other.ovf", text);
    };
    return surroundings;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    for (std::size_t at = text.find(from); at != std::string::npos;
         at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
    return text;
}

}  // namespace

TEST_CASE("two packages become one assembly, names kept apart", "[ovfkit][edit]") {
    EditSession session(kWebDescriptor, "web.ovf", other_package(kWebDescriptor));
    tests::apply_steps(session, {{"add-machine", "/tmp/second.ova"}});
    const std::string text = session.finish();
    const auto envelope = ovfkit::read_envelope(text, "web.ovf");
    const auto systems = ovfkit::all_systems(envelope);
    REQUIRE(systems.size() == 2);
    CHECK(systems.at(0)->id == "web");
    CHECK(systems.at(1)->id == "second-web");
    REQUIRE(envelope.files.size() == 2);
    CHECK(envelope.files.at(1).href == "second-disk1.vmdk");
    CHECK(envelope.files.at(1).id == "second-file1");
    CHECK(envelope.disks.at(1).id == "second-vmdisk1");
    CHECK(envelope.disks.at(1).file_ref == "second-file1");
    CHECK(envelope.networks.size() == 2);
    CHECK(envelope.configurations.size() == 2);
    CHECK(ovfkit::disks_of(envelope, *systems.at(1), "").at(0).disk->id == "second-vmdisk1");
    const auto& startup = std::get<ovfkit::VirtualSystemCollection>(*envelope.content).startup;
    REQUIRE(startup.size() == 2);
    CHECK(startup.at(0).id == "web");
    CHECK(startup.at(0).order == 1);
    CHECK(startup.at(1).id == "second-web");
    CHECK(startup.at(1).order == 2);
    // What is not modelled came along, comments of the first one too.
    CHECK(text.find("<!-- the system -->") != std::string::npos);
    const std::string config = "<vmw:Config ovf:required=\"false\" vmw:key=\"firmware\"";
    CHECK(text.find(config) != text.rfind(config));
    REQUIRE(session.grafted().size() == 1);
    CHECK(session.grafted().at(0).members ==
          std::map<std::string, std::string>{{"disk1.vmdk", "second-disk1.vmdk"}});
}

TEST_CASE("a disk that both packages have is stored once", "[ovfkit][edit]") {
    // In the other package the id of the shared file is that of another file of ours.
    const std::string files = "<File ovf:href=\"notes.txt\" ovf:id=\"notes\"/>";
    std::string ours = kWebDescriptor;
    ours.insert(ours.find("</References>"), files);
    std::string theirs = replaced(kWebDescriptor, "file1", "notes");
    theirs.insert(theirs.find("</References>"), "<File ovf:href=\"kernel\" ovf:id=\"file1\"/>");
    auto surroundings = other_package(theirs);
    surroundings.read_digests = [](const std::string& location) {
        return location.empty() ? std::map<std::string, std::string>{{"disk1.vmdk", "SHA256:aa"},
                                                                     {"notes.txt", "SHA256:bb"}}
                                : std::map<std::string, std::string>{{"disk1.vmdk", "SHA256:aa"},
                                                                     {"kernel", "SHA256:cc"}};
    };
    EditSession session(ours, "web.ovf", surroundings);
    tests::apply_steps(session, {{"add-machine", "second.ova"}, {"add-machine", "third.ova"}});
    const auto envelope = ovfkit::read_envelope(session.finish(), "web.ovf");
    std::vector<std::string> members;
    for (const auto& file : envelope.files) {
        members.push_back(file.href);
    }
    CHECK(members == std::vector<std::string>{"disk1.vmdk", "notes.txt", "kernel"});
    REQUIRE(envelope.disks.size() == 3);
    for (const auto& disk : envelope.disks) {
        CHECK(disk.file_ref == "file1");
    }
    REQUIRE(session.grafted().size() == 2);
    CHECK(session.grafted().at(0).members ==
          std::map<std::string, std::string>{{"kernel", "kernel"}});
    CHECK(session.grafted().at(1).members.empty());
    CHECK(session.notes().front() ==
          "file 'disk1.vmdk' of 'second' is the same as 'disk1.vmdk': it is stored once");
}

TEST_CASE("what a machine said of the whole package is said by the assembly", "[ovfkit][edit]") {
    const std::string alone = replaced(
        replaced(kWebDescriptor, "</VirtualSystem>",
                 "<m:AssemblySection ovf:required=\"false\" m:name=\"blog\"><Info>whole</Info>"
                 "</m:AssemblySection></VirtualSystem>"),
        "<Envelope ", "<Envelope xmlns:m=\"urn:muster:ovf:1\" ");
    EditSession session(alone, "web.ovf", other_package(kWebDescriptor));
    tests::apply_steps(session, {{"add-machine", "/tmp/second.ova"}});
    const auto envelope = ovfkit::read_envelope(session.finish(), "web.ovf");
    REQUIRE(ovfkit::find_assembly(envelope) != nullptr);
    CHECK(ovfkit::find_assembly(envelope)->name == "blog");
    CHECK_FALSE(ovfkit::find_system(envelope, "web")->assembly);
}

TEST_CASE("prefixes of the other package keep their meaning", "[ovfkit][edit]") {
    std::string other = replaced(kWebDescriptor, "xmlns:vmw=", "xmlns:v=");
    other = replaced(replaced(other, "vmw:", "v:"), "rasd", "r");
    EditSession session(kWebDescriptor, "web.ovf", other_package(other));
    tests::apply_steps(session, {{"add-machine", "second.ova,id=db,name=Database"}});
    const auto envelope = ovfkit::read_envelope(session.finish(), "web.ovf");
    const ovfkit::VirtualSystem* db = ovfkit::find_system(envelope, "db");
    REQUIRE(db != nullptr);
    CHECK(db->name == "Database");
    CHECK(ovfkit::cpus_of(*db, "") == 2);
    REQUIRE_FALSE(db->unknown_sections.empty());
    CHECK(db->unknown_sections.at(0).namespace_uri == "http://www.vmware.com/schema/ovf");
}

TEST_CASE("what does not fit into one descriptor is refused", "[ovfkit][edit]") {
    const auto refusal = [](const std::string& other) {
        return tests::error_of([&] {
            EditSession session(kWebDescriptor, "web.ovf", other_package(other));
            tests::apply_steps(session, {{"add-machine", "b.ova"}});
        });
    };
    CHECK(refusal(tests::kNewDescriptor).kind() == base::ErrorKind::unsupported);
    CHECK(refusal(replaced(kWebDescriptor, "ovf:id=\"large\"", "ovf:id=\"big\"")).kind() ==
          base::ErrorKind::unsupported);
}

TEST_CASE("a machine is made of nothing and removed again", "[ovfkit][edit]") {
    EditSession session(kWebDescriptor, "web.ovf", {});
    tests::apply_steps(session,
                       {{"add-machine", "id=db,cpus=3,memory=2GiB,network=back"}, {"cpus", "4"}});
    const auto envelope = ovfkit::read_envelope(session.finish(), "web.ovf");
    const ovfkit::VirtualSystem* db = ovfkit::find_system(envelope, "db");
    REQUIRE(db != nullptr);
    CHECK(ovfkit::cpus_of(*db, "") == 4);
    CHECK(ovfkit::memory_bytes_of(*db, "") == std::uint64_t{2} << 30U);
    CHECK(ovfkit::nics_of(*db, "").at(0).network == "back");
    CHECK(db->hardware.at(0).system_types == std::vector<std::string>{"vmx-10"});

    tests::apply_steps(session, {{"remove-machine", "web"}});
    const auto rest = ovfkit::read_envelope(session.finish(), "web.ovf");
    CHECK(ovfkit::all_systems(rest).size() == 1);
    CHECK(rest.files.empty());
    CHECK(rest.disks.empty());
    CHECK(rest.networks.size() == 1);
    CHECK(session.removed_members() == std::set<std::string>{"disk1.vmdk"});
    const auto last = tests::error_of([&] {
        tests::apply_steps(session, {{"remove-machine", "db"}});
    });
    CHECK(last.kind() == base::ErrorKind::conflict);
}

TEST_CASE("with several machines one has to be chosen", "[ovfkit][edit]") {
    const tests::Steps two{{"add-machine", "id=db"}};
    EditSession session(kWebDescriptor, "web.ovf", {});
    tests::apply_steps(session, {{"add-machine", "id=db"}, {"system", "web"}, {"cpus", "7"}});
    const auto envelope = ovfkit::read_envelope(session.finish(), "web.ovf");
    CHECK(ovfkit::cpus_of(*ovfkit::find_system(envelope, "web"), "") == 7);
    EditSession unclear(session.finish(), "web.ovf", {});
    const auto error = tests::error_of([&] { tests::apply_steps(unclear, {{"cpus", "1"}}); });
    CHECK(error.kind() == base::ErrorKind::usage);
    CHECK(error.hint() == "name one before: --system web, --system db");
    CHECK(tests::error_of([&] {
              tests::apply_steps(unclear, {{"system", "dv"}});
          }).kind() == base::ErrorKind::not_found);
}

TEST_CASE("a machine is cut out with what it needs", "[ovfkit][edit]") {
    EditSession session(kWebDescriptor, "web.ovf", other_package(kWebDescriptor));
    tests::apply_steps(session,
                       {{"add-machine", "second.ova"}, {"add-property", "shared,value=1"}});
    const std::string both = session.finish();
    const auto first = cut_out(both, "web.ovf", "web");
    CHECK(first.members == std::vector<std::string>{"disk1.vmdk"});
    const auto second = cut_out(both, "web.ovf", "second-web");
    CHECK(second.members == std::vector<std::string>{"second-disk1.vmdk"});
    const auto envelope = ovfkit::read_envelope(second.text, "second.ovf");
    REQUIRE(std::holds_alternative<ovfkit::VirtualSystem>(*envelope.content));
    CHECK(envelope.disks.size() == 1);
    CHECK(envelope.files.size() == 1);
    CHECK(envelope.networks.size() == 2);  // "back" was free before: nobody knows what for
    const auto& system = std::get<ovfkit::VirtualSystem>(*envelope.content);
    REQUIRE(system.products.size() == 1);
    CHECK(system.products.front().properties.at(0).key == "title");
    CHECK(system.products.front().properties.at(1).key == "shared");
    CHECK(second.text.find("vmw:key=\"firmware\"") != std::string::npos);
    CHECK_THROWS_AS(cut_out(both, "web.ovf", "third"), base::Error);
}

TEST_CASE("endpoints follow the names of machines and networks", "[ovfkit][edit]") {
    const std::string wired = replaced(
        replaced(kWebDescriptor, "</VirtualSystem>",
                 "<m:MachineSection ovf:required=\"false\"><Info>wiring</Info><m:Endpoint "
                 "m:direction=\"output\" m:name=\"db\" m:hostProperty=\"host\" m:machine=\"db\" "
                 "m:input=\"sql\" m:network=\"front\"/></m:MachineSection></VirtualSystem>"),
        "<Envelope ", "<Envelope xmlns:m=\"urn:muster:ovf:1\" ");
    EditSession session(wired, "web.ovf", {});
    const auto endpoint = [&] {
        const auto envelope = ovfkit::read_envelope(session.finish(), "web.ovf");
        return ovfkit::find_system(envelope, "web")->machine->endpoints.at(0);
    };
    tests::apply_steps(
        session, {{"add-machine", "id=db,cpus=1,memory=512MiB"}, {"rename-network", "front=lan"}});
    CHECK(endpoint().network == "lan");
    CHECK(endpoint().machine == "db");
    tests::apply_steps(session, {{"remove-machine", "db"}});
    CHECK(endpoint().name == "db");
    CHECK(endpoint().host_property == "host");
    CHECK((endpoint().machine + endpoint().input + endpoint().network).empty());
}
