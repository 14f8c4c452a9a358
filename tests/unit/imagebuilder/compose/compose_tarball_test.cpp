// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/compose/compose_tarball.h"

#include <fmt/format.h>

#include "base/crypto/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/process.h"
#include "tests/support/catch.h"
#include "tests/support/root_tar.h"

using namespace imagebuilder;

namespace {

namespace fs = std::filesystem;

constexpr const char* kRootUuid = "01234567-89ab-8def-8123-456789abcdef";
constexpr const char* kPlain = "name: box\nsource: { tarball: root.tar }\nguest: false\n";

// An image of the tar in FOLDER; its parts, and the disk as qcow2 and raw.
struct Made {
    fs::path qcow2;
    fs::path raw;
    ImageParts parts;

    Made(const fs::path& folder, const std::string& recipe_text, const std::string& name = "disk",
         const std::optional<GuestFiles>& guest = std::nullopt, const std::string& tar = "root.tar")
        : qcow2(folder / (name + ".qcow2")), raw(folder / (name + ".raw")) {
        const Recipe recipe = parse_recipe(recipe_text, "recipe.yaml");
        const base::TempDir work;
        parts = compose_tarball({.tarball = {folder / tar, tar, "unused"},
                                 .recipe = &recipe,
                                 .guest = guest,
                                 .key = "key",
                                 .filesystem_uuid = kRootUuid,
                                 .epoch = std::nullopt,
                                 .work_dir = work.path(),
                                 .qcow2 = qcow2,
                                 .on_step = [](const std::string&) {}});
        CHECK(fs::is_empty(work.path()));
        tests::run_shell(fmt::format("qemu-img check -q '{0}'; qemu-img convert -O raw '{0}' '{1}'",
                                     qcow2.string(), raw.string()),
                         folder);
    }

    std::uint64_t root_offset() const {
        base::Command dump;
        dump.argv = {"/usr/sbin/sfdisk", "--json", raw.string()};
        const base::Json table = base::parse_json(base::run_checked(dump).out, "sfdisk");
        return table.at("partitiontable").at("partitions").back().at("start").get<std::uint64_t>() *
               512;
    }
    std::string debugfs(const std::string& request) const {
        base::Command command;
        command.argv = {"/usr/sbin/debugfs", "-R", request,
                        fmt::format("{}?offset={}", raw.string(), root_offset())};
        command.env = {{"DEBUGFS_PAGER", "cat"}};
        const base::RunResult result = base::run_checked(command);
        return result.out +
               (result.err.find("File not found") != std::string::npos ? "(none)" : "");
    }
    std::string cat(const std::string& path) const { return debugfs("cat " + path); }
    void check_file_system() const {
        tests::run_shell(fmt::format("e2fsck -fn '{}?offset={}'", raw.string(), root_offset()),
                         "/");
    }
};

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

base::Error refusal_in(const fs::path& folder, const std::string& recipe,
                       const std::string& tar = "root.tar") {
    return tests::error_of([&] { Made(folder, recipe, "refused", std::nullopt, tar); });
}

}  // namespace

TEST_CASE("a tar becomes a disk with all that an image has", "[imagebuilder][compose]") {
    const base::TempDir dir;
    tests::make_root_tar(dir.path());
    const Made made(dir.path(), std::string(kPlain) +
                                    "hostname: h1\nfirstboot: [echo first]\n"
                                    "kernel_arguments: [quiet]\n"
                                    "disk: { size: 300 MiB, boot: [bios, uefi] }\n");
    made.check_file_system();

    // What the tar had, as it was.
    CHECK(made.cat("/etc/ssh/sshd_config") == "config\n");
    CHECK(has(made.debugfs("stat /usr/bin/linked"), "Links: 2"));
    CHECK(base::digest_hex(base::DigestAlgorithm::sha256, made.cat("/usr/bin/large")) ==
          base::sha256_of_file((dir.path() / "tree/usr/bin/large").string()));
    CHECK(has(made.debugfs("stat /lib"), "Fast link dest: \"usr/lib\""));
    CHECK(has(made.debugfs("stat /etc/ssh/sshd_config"), "mtime: 0x6553f100"));

    // What every image gets.
    CHECK(made.cat("/etc/hostname") == "h1\n");
    CHECK(has(made.cat("/etc/hosts"), "127.0.0.1\tlocalhost"));
    CHECK(made.cat("/etc/fstab") == fmt::format("UUID={} / ext4 noatime 0 0\n", kRootUuid));
    CHECK(made.cat("/usr/lib/muster/firstboot") == "#!/bin/sh\nset -e\necho first\n");
    CHECK(has(made.debugfs("stat /usr/lib/muster/firstboot"), "Mode:  0755"));
    CHECK(has(made.debugfs("stat /etc/systemd/system/basic.target.wants/muster-grow.service"),
              "/etc/systemd/system/muster-grow.service"));
    CHECK(has(made.debugfs("stat /etc/systemd/system/multi-user.target.wants/"
                           "muster-firstboot.service"),
              "/etc/systemd/system/muster-firstboot.service"));
    CHECK(has(made.cat("/boot/grub/grub.cfg"),
              fmt::format("linux /boot/vmlinuz-6.1.0-9 root=UUID={} rw rootflags=noatime "
                          "console=ttyS0 quiet",
                          kRootUuid)));
    CHECK(made.cat("/boot/initrd.img-muster") == made.parts.initrd);

    // The kernel, and an initrd of its modules.
    CHECK(made.parts.kernel == "the kernel");
    CHECK(made.parts.kernel_version == "6.1.0-9");
    CHECK(has(made.parts.initrd, "modules/virtio_blk.ko"));
    CHECK(has(made.parts.initrd, "modules/virtio.ko"));
    CHECK_FALSE(has(made.parts.initrd, "e1000"));
    CHECK(made.parts.packages.installed ==
          std::vector<std::string>{"bash 5.2 amd64", "libc6 2.36 amd64"});
    REQUIRE(made.parts.packages.licenses.size() == 2);
    CHECK(made.parts.packages.licenses.at("bash").expression() == "GPL-3.0-or-later");
    CHECK(made.parts.packages.licenses.at("libc6").expression() == "LGPL-2.1-or-later");
    CHECK(made.parts.packages.vendor == "debian");
    CHECK(made.parts.packages.version == "12");
    CHECK(made.parts.epoch == 1700000000);

    // Sealed.
    CHECK(has(made.debugfs("stat /etc/machine-id"), "Size: 0"));
    CHECK(has(made.debugfs("stat /etc/resolv.conf"), "Size: 0"));
    for (const char* gone : {"/etc/ssh/ssh_host_rsa_key", "/var/log/apt/history.log",
                             "/var/lib/dhcp/lease", "/var/tmp/x"}) {
        INFO(gone);
        CHECK(made.debugfs(std::string("stat ") + gone) == "(none)");
    }
    CHECK(has(made.debugfs("stat /var/log/apt"), "Type: directory"));
}

TEST_CASE("the guest's files are put in and their units enabled", "[imagebuilder][compose]") {
    const base::TempDir dir;
    tests::make_root_tar(dir.path());
    base::write_file(dir.path() / "muster-guest", "program");
    tests::run_shell(
        "mkdir -p rootfs/etc/systemd/system rootfs/etc/muster/new rootfs/lib/x\n"
        "printf '[Install]\\nWantedBy=a.target b.target\\n' >rootfs/etc/systemd/system/g.service\n"
        "echo through-a-link >rootfs/lib/x/file\nchmod 640 rootfs/lib/x/file\n",
        dir.path());
    const Made made(dir.path(), kPlain, "disk",
                    GuestFiles{dir.path() / "muster-guest", dir.path() / "rootfs"});
    made.check_file_system();
    CHECK(made.cat("/usr/sbin/muster-guest") == "program");
    CHECK(has(made.debugfs("stat /usr/sbin/muster-guest"), "Mode:  0755"));
    CHECK(has(made.debugfs("stat /etc/muster/new"), "Type: directory"));
    CHECK(made.cat("/usr/lib/x/file") == "through-a-link\n");
    CHECK(has(made.debugfs("stat /usr/lib/x/file"), "Mode:  0640"));
    CHECK(has(made.debugfs("stat /lib"), "Type: symlink"));
    for (const char* target : {"a", "b"}) {
        CHECK(has(
            made.debugfs(fmt::format("stat /etc/systemd/system/{}.target.wants/g.service", target)),
            "/etc/systemd/system/g.service"));
    }
}

TEST_CASE("equal tars give equal bytes, compressed ones too", "[imagebuilder][compose]") {
    const base::TempDir dir;
    tests::make_root_tar(dir.path());
    const std::string recipe = std::string(kPlain) + "disk: { boot: [uefi] }\n";
    const Made plain(dir.path(), recipe, "plain");
    const std::string bytes = base::read_file(plain.qcow2);
    for (const auto& [program, name] :
         {std::pair{"gzip", "root.tar.gz"}, {"xz", "root.tar.xz"}, {"zstd -q", "root.tar.zst"}}) {
        INFO(name);
        tests::run_shell(fmt::format("{} -c <root.tar >{}", program, name), dir.path());
        const Made packed(dir.path(), recipe, name, std::nullopt, name);
        CHECK((base::read_file(packed.qcow2) == bytes));
    }
    CHECK(base::read_file(plain.qcow2).size() < 30U << 20U);
}

TEST_CASE("a tar is taken as tar would unpack it", "[imagebuilder][compose]") {
    const base::TempDir dir;
    tests::make_root_tar(dir.path());
    // Files without their folders, one of them twice, one below a link; another owner.
    tests::run_shell(
        "mkdir more; cd more; mkdir -p no/folder lib/below\n"
        "echo first >no/folder/a; tar --owner=7 --numeric-owner -rf ../root.tar no/folder/a\n"
        "echo second, longer >no/folder/a; tar --owner=8 --numeric-owner -rf ../root.tar "
        "no/folder/a\n"
        "echo b >lib/below/b; tar -rf ../root.tar lib/below/b\n",
        dir.path());
    const Made made(dir.path(), kPlain);
    made.check_file_system();
    CHECK(made.cat("/no/folder/a") == "second, longer\n");
    CHECK(has(made.debugfs("stat /no/folder/a"), "User:     8"));
    CHECK(has(made.debugfs("stat /no"), "Mode:  0755"));
    CHECK(made.cat("/usr/lib/below/b") == "b\n");
}

TEST_CASE("what cannot become an image is refused by name", "[imagebuilder][compose]") {
    const auto refuse = [](const std::string& more, const std::string& recipe = kPlain) {
        const base::TempDir dir;
        tests::make_root_tar(dir.path(), more);
        const base::Error error = refusal_in(dir.path(), recipe);
        CHECK(error.kind() == base::ErrorKind::invalid_input);
        return error.message();
    };
    CHECK(has(refuse("rm boot/vmlinuz-6.1.0-9"), "has 0 kernels"));
    CHECK(has(refuse(": >boot/vmlinuz-6.1.0-8"), "has 2 kernels"));
    CHECK(has(refuse("rm usr/lib/modules/6.1.0-9/modules.dep"), "no module index"));
    CHECK(has(refuse("rm usr/lib/modules/6.1.0-9/kernel/virtio/virtio.ko"), "virtio.ko"));
    CHECK(has(refuse("echo x >etc/hostid"), "the same identity: /etc/hostid"));
    CHECK(
        has(refuse("rm usr/sbin/sfdisk", std::string(kPlain) + "disk: { grow: true }\n"), "fdisk"));
    CHECK(has(refuse("mkdir etc/a; ln -s b etc/a/c; ln -s c etc/a/b; rm -r lib; "
                     "ln -s etc/a/b lib; rm -r usr/lib"),
              "circle"));
    CHECK(has(
        refuse("head -c 300M /dev/urandom >big", std::string(kPlain) + "disk: { size: 256 MiB }\n"),
        "full at '/big'"));

    const base::TempDir dir;
    tests::make_root_tar(dir.path());
    tests::run_shell("head -c 100000 root.tar >short.tar; echo no tar >text.tar", dir.path());
    CHECK(has(refusal_in(dir.path(), kPlain, "short.tar").message(), "short.tar"));
    CHECK(has(refusal_in(dir.path(), kPlain, "text.tar").message(), "text.tar"));
}

TEST_CASE("an image that is not sealed keeps what it has", "[imagebuilder][compose]") {
    const base::TempDir dir;
    tests::make_root_tar(dir.path(), "rm usr/sbin/sfdisk");
    const Made made(dir.path(), std::string(kPlain) + "seal: none\n");
    CHECK(made.cat("/etc/ssh/ssh_host_rsa_key") == "key\n");
    CHECK(made.cat("/var/log/apt/history.log") == "log\n");
    CHECK(made.cat("/etc/machine-id").size() == 33);
    // Without the programs for it, and nobody asked for it: no growing.
    CHECK(made.debugfs("stat /usr/lib/muster/grow-root") == "(none)");
}
