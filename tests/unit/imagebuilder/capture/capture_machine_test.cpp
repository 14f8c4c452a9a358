// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/capture/capture_machine.h"

#include <cstdlib>

#include <fmt/format.h>

#include "base/crypto/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "tests/support/catch.h"
#include "tests/support/root_tar.h"

using namespace imagebuilder;

namespace {

namespace fs = std::filesystem;

// A machine as a folder and as a disk of one file system, and what it becomes.
class OldMachine {
  public:
    explicit OldMachine(const std::string& more = "") {
        tests::make_root_tar(dir_.path(), more +
                                              "mkdir etc/network; echo 10.0.0.5 >etc/network/x\n"
                                              "mkdir srv; echo data >srv/data\n");
        tests::run_shell(
            "mke2fs -q -F -t ext4 -d tree old.raw 64M; printf guest >muster-guest\n"
            "sha256sum old.raw >old.sum",
            dir_.path());
        ::setenv("MUSTER_GUEST", (dir_.path() / "muster-guest").c_str(), 1);
        ::setenv("MUSTER_GUEST_ROOTFS", (dir_.path() / "none").c_str(), 1);
    }
    ~OldMachine() {
        ::unsetenv("MUSTER_GUEST");
        ::unsetenv("MUSTER_GUEST_ROOTFS");
    }
    OldMachine(const OldMachine&) = delete;
    OldMachine& operator=(const OldMachine&) = delete;

    fs::path path(const std::string& name) const { return dir_.path() / name; }

    CaptureOptions options() const {
        CaptureOptions options;
        options.name = "web";
        options.from.disks = {{path("old.raw"), std::nullopt, ""}};
        options.changes.removed = {"/etc/network/x"};
        options.changes.files = {{"/etc/new", "new\n", 0600}};
        options.changes.links = {{"/etc/link", "/etc/new"}};
        options.other_mounts = "tmpfs /tmp tmpfs size=1G 0 0\n";
        options.firstboot = {"echo first"};
        options.work_dir = path("work");
        options.qcow2 = path("new.qcow2");
        options.on_step = [](const std::string&) {};
        return options;
    }

    CapturedDisk capture(const CaptureOptions& options) const {
        fs::create_directories(options.work_dir);
        base::remove_all(options.qcow2);
        base::remove_all(path("new.raw"));
        CapturedDisk made = capture_machine(options);
        tests::run_shell("qemu-img convert -O raw new.qcow2 new.raw", dir_.path());
        return made;
    }

    // Of the disk that was made, by our own reader.
    std::string read(const std::string& file) const {
        return with_disk_tree(path("new.raw"), {}, [&](const DiskTree& tree) {
            return tree.find(file) ? tree.read(file, 4U << 20U) : std::string("(none)");
        });
    }

  private:
    base::TempDir dir_;
};

base::Error refusal(const OldMachine& machine, const CaptureOptions& options) {
    return tests::error_of([&] { machine.capture(options); });
}

}  // namespace

TEST_CASE("a machine's disk becomes one of ours, with changes", "[imagebuilder][capture]") {
    const OldMachine machine;
    const CapturedDisk made = machine.capture(machine.options());
    CHECK(made.kernel == "the kernel");
    CHECK(made.command_line.find("root=UUID=") == 0);
    CHECK(made.initrd.find("modules/virtio_blk.ko") != std::string::npos);

    CHECK(machine.read("/srv/data") == "data\n");
    CHECK(machine.read("/etc/hostname") == "old\n");  // its own
    CHECK(machine.read("/etc/network/x") == "(none)");
    CHECK(machine.read("/etc/new") == "new\n");
    CHECK(machine.read("/etc/link") == "new\n");
    CHECK(machine.read("/usr/sbin/muster-guest") == "guest");
    const std::string fstab = machine.read("/etc/fstab");
    CHECK(fstab.find(" / ext4 errors=remount-ro 0 1\ntmpfs /tmp tmpfs size=1G 0 0\n") !=
          std::string::npos);
    CHECK(made.command_line.find(fstab.substr(0, fstab.find(' '))) != std::string::npos);
    CHECK(machine.read("/usr/lib/muster/firstboot").find("echo first\n") != std::string::npos);

    // Sealed.
    CHECK(machine.read("/etc/machine-id").empty());
    CHECK(machine.read("/etc/ssh/ssh_host_rsa_key") == "(none)");
    CHECK(machine.read("/var/lib/dhcp/lease") == "(none)");
    // The source is as it was.
    tests::run_shell("sha256sum -c --quiet old.sum", machine.path("."));
    CHECK(fs::is_empty(machine.path("work")));
}

TEST_CASE("a folder, a tar and a disk of one machine become the same", "[imagebuilder][capture]") {
    const OldMachine machine;
    CaptureOptions options = machine.options();
    options.seal = false;
    machine.capture(options);
    CHECK(machine.read("/etc/ssh/ssh_host_rsa_key") == "key\n");
    const std::string of_disk = machine.read("/usr/bin/large");
    options.from = {};
    options.from.folder = machine.path("tree");
    options.uefi = true;
    machine.capture(options);
    CHECK(machine.read("/usr/bin/large") == of_disk);
    CHECK(machine.read("/etc/new") == "new\n");

    tests::run_shell("tar --zstd -C tree -cpf old.tar.zst .", machine.path("."));
    options.from = {};
    options.from.tar = machine.path("old.tar.zst");
    options.from.size_bytes = 3U << 30U;
    options.uefi = false;
    machine.capture(options);
    CHECK(machine.read("/usr/bin/large") == of_disk);
    CHECK(fs::file_size(machine.path("new.raw")) == options.from.size_bytes);
}

TEST_CASE("the kernel that was chosen boots, of several", "[imagebuilder][capture]") {
    const OldMachine machine("printf older >boot/vmlinuz-5.1\n");
    CaptureOptions options = machine.options();
    CHECK(refusal(machine, options).kind() == base::ErrorKind::invalid_input);
    options.changes.kernel_version = "6.1.0-9";
    CHECK(machine.capture(options).kernel == "the kernel");
    options.changes.kernel_version = "7";
    const base::Error error = refusal(machine, options);
    CHECK(error.kind() == base::ErrorKind::unsupported);
    CHECK(error.message() == "there is no kernel '/boot/vmlinuz-7'");
}

TEST_CASE("what cannot be captured is refused", "[imagebuilder][capture]") {
    const OldMachine machine(
        "mkdir var/lib/zerotier-one; echo k >var/lib/zerotier-one/identity.secret\n");
    const base::Error identity = refusal(machine, machine.options());
    CHECK(identity.kind() == base::ErrorKind::invalid_input);
    CHECK(identity.message().find("/var/lib/zerotier-one/identity.secret") != std::string::npos);
    CHECK(identity.hint().find("--keep-identity") != std::string::npos);

    CaptureOptions options = machine.options();
    tests::run_shell("truncate -s 8M empty.raw", machine.path("."));
    options.from.disks = {{machine.path("empty.raw"), std::nullopt, ""}};
    CHECK(refusal(machine, options).kind() == base::ErrorKind::not_found);
    options.from.disks = {{machine.path("nothing"), std::nullopt, ""}};
    CHECK(refusal(machine, options).kind() == base::ErrorKind::not_found);
    // One whose tree breaks off: the reader's own words, not those about a tar.
    tests::run_shell("cp old.raw cut.raw; truncate -s 24M cut.raw", machine.path("."));
    options.from.disks = {{machine.path("cut.raw"), std::nullopt, ""}};
    CHECK(refusal(machine, options).message().find("tar") == std::string::npos);
}
