// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/disk/initrd.h"

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "imagebuilder/disk/cpio.h"
#include "tests/support/catch.h"

using namespace imagebuilder;

namespace {

const std::string kDep =
    "kernel/drivers/virtio/virtio.ko:\n"
    "kernel/drivers/virtio/virtio_ring.ko:\n"
    "kernel/drivers/block/virtio_blk.ko: kernel/drivers/virtio/virtio_ring.ko "
    "kernel/drivers/virtio/virtio.ko\n"
    "kernel/drivers/char/hw_random/virtio-rng.ko: kernel/drivers/virtio/virtio.ko\n";

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("modules are loaded after what they need", "[imagebuilder][initrd]") {
    CHECK(load_order(kDep, "virtio_blk") ==
          std::vector<std::string>{"kernel/drivers/virtio/virtio.ko",
                                   "kernel/drivers/virtio/virtio_ring.ko",
                                   "kernel/drivers/block/virtio_blk.ko"});
    CHECK(load_order(kDep, "virtio_rng").size() == 2);  // '-' in the file's name
    CHECK(load_order(kDep, "ext4").empty());            // built in
}

TEST_CASE("cpio reads our archives", "[imagebuilder][initrd]") {
    CpioWriter writer;
    writer.add_directory("dir");
    writer.add_file("dir/abc", "content", 0640);
    writer.add_symlink("link", "dir/abc");
    const std::string archive = writer.finish();
    CHECK(archive.size() % 512 == 0);
    const base::TempDir dir;
    base::Command unpack;
    unpack.argv = {"busybox", "cpio", "-i"};
    unpack.cwd = dir.path();
    unpack.stdin_data = archive;
    base::run_checked(unpack);
    CHECK(base::read_file(dir.path() / "dir/abc") == "content");
    CHECK(std::filesystem::read_symlink(dir.path() / "link") == "dir/abc");
    CHECK(std::filesystem::status(dir.path() / "dir/abc").permissions() ==
          static_cast<std::filesystem::perms>(0640));
}

TEST_CASE("the initrd holds busybox, the script and each module once", "[imagebuilder][initrd]") {
    const base::TempDir dir;
    for (const char* folder : {"virtio", "block", "char/hw_random"}) {
        base::make_dirs(dir.path() / "kernel/drivers" / folder);
    }
    base::write_file(dir.path() / "modules.dep", kDep);
    for (const char* module : {"virtio/virtio", "virtio/virtio_ring", "block/virtio_blk"}) {
        base::write_file(dir.path() / "kernel/drivers" / (std::string(module) + ".ko"), module);
    }
    const InitrdOptions options{dir.path(), find_static_busybox()};
    const std::string initrd = make_initrd(options);
    CHECK(initrd == make_initrd(options));

    base::Command list;
    list.argv = {"busybox", "cpio", "-t"};
    list.stdin_data = initrd;
    const std::string names = "\n" + base::run_checked(list).out;
    for (const char* name : {"init", "bin/busybox", "bin/sh", "modules/virtio.ko",
                             "modules/virtio_ring.ko", "modules/virtio_blk.list"}) {
        INFO(name);
        CHECK(contains(names, std::string("\n") + name + "\n"));
    }
    CHECK_FALSE(contains(names, "ext4"));
    CHECK(names.find("modules/virtio.ko\n") == names.rfind("modules/virtio.ko\n"));
}

TEST_CASE("the initrd's script is a script", "[imagebuilder][initrd]") {
    const base::TempDir dir;
    base::write_file(dir.path() / "modules.dep", "");
    base::Command extract;
    extract.argv = {"busybox", "cpio", "-i", "init"};
    extract.cwd = dir.path();
    extract.stdin_data = make_initrd({dir.path(), find_static_busybox()});
    base::run_checked(extract);
    base::Command check;
    check.argv = {"busybox", "sh", "-n", (dir.path() / "init").string()};
    CHECK(base::run(check).status == 0);
}

TEST_CASE("a tree without a kernel gives a clear error", "[imagebuilder][initrd]") {
    const base::TempDir dir;
    try {
        make_initrd({dir.path(), find_static_busybox()});
        FAIL("accepted");
    } catch (const base::Error& error) {
        CHECK(error.kind() == base::ErrorKind::invalid_input);
        CHECK(contains(error.hint(), "linux-image"));
    }
}
