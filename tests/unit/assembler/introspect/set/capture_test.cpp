// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/set/capture.h"

#include "assembler/introspect/set/capture_plan.h"
#include "base/error.h"
#include "tests/support/catch.h"
#include "tests/unit/assembler/introspect/set/set_machine.h"

using namespace assembler;
using base::ErrorKind;

namespace {

MachineFacts captured_facts() {
    MachineFacts facts;
    facts.name = "db";
    facts.os = {.architecture = "amd64", .init = "systemd", .kernel = "6.1"};
    facts.mounts = {{.device = "UUID=1", .point = "/", .type = "ext4"},
                    {.device = "UUID=2", .point = "none", .type = "swap"},
                    {.device = "UUID=3", .point = "/boot", .type = "ext4"},
                    {.device = "nas:/x", .point = "/x", .type = "nfs", .options = "ro"},
                    {.device = "/swapfile", .point = "none", .type = "swap"},
                    {.device = "/dev/sr0", .point = "/cd", .type = "auto", .options = "ro,noauto"}};
    return facts;
}

SetMember on_disk() {
    SetMember member;
    member.from.disks = {{"db.qcow2", std::nullopt, ""}};
    member.mounted = {"/boot"};
    return member;
}

CapturePlan plan_of(const MachineFacts& facts, const SetMember& member = on_disk(),
                    bool keep_identity = false) {
    MachineOutput output;
    output.edits = generalise(facts, "{}", true);
    return plan_capture(facts, member, output, keep_identity);
}

std::string why_not(const MachineFacts& facts, const SetMember& member = on_disk()) {
    const base::Error error = tests::error_of([&] { plan_of(facts, member); });
    CHECK(error.kind() == ErrorKind::unsupported);
    CHECK_FALSE(error.hint().empty());
    return error.message();
}

}  // namespace

TEST_CASE("partitions become one file system, what is elsewhere stays", "[assembler][capture]") {
    const CapturePlan plan = plan_of(captured_facts());
    CHECK(plan.other_mounts ==
          "nas:/x /x nfs ro 0 0\n"
          "/swapfile none swap defaults 0 0\n"
          "/dev/sr0 /cd auto ro,noauto 0 0\n");
    CHECK_FALSE(plan.uefi);
    CHECK(plan.changes.kernel_version == "6.1");

    MachineFacts efi = captured_facts();
    efi.mounts.push_back({.device = "UUID=AB", .point = "/boot/efi", .type = "vfat"});
    CHECK(plan_of(efi).uefi);
    CHECK(plan_of(efi).other_mounts == plan.other_mounts);

    MachineFacts lvm = captured_facts();
    lvm.mounts.push_back({.device = "/dev/mapper/vg-data", .point = "/data", .type = "xfs"});
    CHECK(why_not(lvm) ==
          "machine 'db' has '/data' on /dev/mapper/vg-data (xfs), which was not read");
    SetMember folder;
    folder.from.folder = "/mnt/db";  // where all of it is mounted
    CHECK(plan_of(lvm, folder).other_mounts == plan.other_mounts);
}

TEST_CASE("what two machines must not share is made anew", "[assembler][capture]") {
    MachineFacts facts = captured_facts();
    CHECK(plan_of(facts).firstboot.empty());
    facts.packages = {{.name = "openssh-server"}, {.name = "ssl-cert"}};
    const CapturePlan plan = plan_of(facts);
    CHECK(plan.firstboot == std::vector<std::string>{"ssh-keygen -A"});
    CHECK(plan.changes.removed.back() == "/etc/ssl/certs/ssl-cert-snakeoil.pem");
    CHECK(plan.changes.files.back().content.find("Before=basic.target") != std::string::npos);
    CHECK(plan.changes.links.back().second == plan.changes.files.back().path);
    const CapturePlan kept = plan_of(facts, on_disk(), true);
    CHECK(kept.firstboot.empty());
    CHECK(kept.changes.links.size() == plan.changes.links.size() - 1);
}

TEST_CASE("machines that cannot be captured are refused by name", "[assembler][capture]") {
    MachineFacts facts = captured_facts();
    facts.os.architecture = "arm64";
    CHECK(why_not(facts) == "machine 'db' is for arm64");
    facts = captured_facts();
    facts.os.init = "sysv";
    CHECK(why_not(facts) == "machine 'db' starts by sysv");
    facts = captured_facts();
    facts.os.kernel.clear();
    CHECK(why_not(facts) == "machine 'db' has no kernel in /boot");
}

TEST_CASE("a capture that fails leaves nothing", "[assembler][capture]") {
    const tests::SetMachines machines;  // their kernel has no modules
    const MachineSet set = machines.read("web.raw", "db.raw");
    base::make_dirs(machines.path("out"));
    CaptureSetOptions options;
    options.name = "shop";
    options.output = machines.path("out/shop.ova");
    options.on_step = [](const std::string&) {};
    options.on_warning = [](const std::string&) {};
    options.on_progress = [](std::string_view, std::uint64_t, std::uint64_t) {};
    const base::Error error = tests::error_of([&] { capture_set(set, options); });
    CHECK(error.message().find("machine 'web': ") == 0);
    CHECK(std::filesystem::is_empty(machines.path("out")));

    options.output = machines.path("nowhere/shop.ova");
    CHECK(tests::error_of([&] { capture_set(set, options); }).kind() == ErrorKind::not_found);
    // An assembly of other machines.
    base::write_file(machines.path("out/assembly.yaml"),
                     "muster: 1\nname: x\nversion: '1'\nnetworks: { net: {} }\n"
                     "machines: { other: { image: other.qcow2, networks: [net] } }\n");
    options.assembly = machines.path("out");
    options.output = machines.path("out/shop.ova");
    options.on_step = [](const std::string& step) { FAIL("worked before it looked: " + step); };
    const base::Error unknown = tests::error_of([&] { capture_set(set, options); });
    CHECK(unknown.kind() == ErrorKind::not_found);
    CHECK(unknown.message().find("'other' of the assembly is none that was read") !=
          std::string::npos);
}
