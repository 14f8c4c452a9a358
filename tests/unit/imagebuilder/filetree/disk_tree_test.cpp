// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/filetree/disk_tree.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "tests/support/catch.h"
#include "tests/support/shell.h"
#include "tests/support/tree_contract.h"

using namespace imagebuilder;
using base::ErrorKind;
using tests::kind_of_failure;
using tests::shell;

namespace {

namespace fs = std::filesystem;

// A folder with the contract's tree, and disks of it.
class DiskFolder {
  public:
    DiskFolder() { run(tests::kContractTree); }
    void run(const std::string& script) const { shell(script, dir_.path()); }
    std::string path(const std::string& name) const { return dir_.path() / name; }
    // A file system of the tree at the beginning of the file.
    std::string make(const std::string& options) const {
        run(fmt::format("mke2fs -q -F -d tree {} disk 64M", options));
        return path("disk");
    }

  private:
    base::TempDir dir_;
};

void with_open_tree(const std::string& path, const DiskTreeOptions& options,
                    const std::function<void(const DiskTree&)>& work) {
    const auto disk = ovfkit::open_disk(path);
    work(DiskTree(*disk, options));
}

void check_contract(const std::string& path) {
    with_open_tree(path, {}, [](const DiskTree& tree) { tests::check_tree_contract(tree); });
}

bool has_note(const DiskContents& contents, const std::string& text) {
    return std::any_of(contents.notes.begin(), contents.notes.end(), [&](const std::string& note) {
        return note.find(text) != std::string::npos;
    });
}

constexpr const char* kFstab = R"(# <file system> <mount point> <type>
UUID=11111111-1111-1111-1111-111111111111 / ext4 errors=remount-ro 0 1
LABEL=logs /var/my\040logs ext3 defaults 0 2
UUID="22222222-2222-2222-2222-222222222222"	/boot ext2 ro 0 2
PARTUUID=1234abcd-05 none swap sw 0 0
/dev/sda7 /srv ext4 defaults 0 2
UUID=AAAA-BBBB /boot/efi vfat umask=0077 0 1
server:/export /mnt nfs defaults 0 0
tmpfs /tmp tmpfs size=1G 0 0
UUID=99999999-9999-9999-9999-999999999999 /lost ext4 defaults 0 2
)";

// boot (1), root (2), logs (3), swap (5), data for /srv (7), XFS (8).
constexpr const char* kSeveral = R"sh(
mkdir -p root/etc root/boot/old root/usr "root/var/my logs" root/srv boot/grub logs srv
cp fstab root/etc/fstab
echo 'ID=test' >root/etc/os-release
echo kernel >boot/vmlinuz
echo log >logs/log
echo data >srv/data
truncate -s 128M disk
sfdisk -q disk <<'T'
label: dos
label-id: 0x1234abcd
1 : start=2048, size=16384, type=83
2 : start=20480, size=65536, type=83
3 : start=90112, size=16384, type=83
4 : start=108544, size=140000, type=5
5 : start=110592, size=4096, type=82
6 : start=116736, size=4096, type=83
7 : start=122880, size=16384, type=83
8 : start=141312, size=16384, type=83
T
mke2fs -q -F -t ext2 -d boot -U 22222222-2222-2222-2222-222222222222 -E offset=1048576 disk 8M
mke2fs -q -F -t ext4 -d root -U 11111111-1111-1111-1111-111111111111 -E offset=10485760 disk 32M
mke2fs -q -F -t ext3 -d logs -L logs -E offset=46137344 disk 8M
mke2fs -q -F -t ext4 -d srv -E offset=62914560 disk 8M
printf XFSB | dd of=disk bs=512 seek=141312 conv=notrunc status=none
)sh";

}  // namespace

TEST_CASE("ext file systems of all ages are trees", "[imagebuilder][filetree]") {
    const DiskFolder folder;
    for (const char* options :
         {"-t ext4", "-t ext4 -b 1024 -I 128 -O ^metadata_csum,^64bit,^dir_index",
          "-t ext2 -b 4096 -I 128", "-t ext3 -b 4096",
          "-t ext4 -O ^has_journal,^resize_inode,meta_bg -b 2048", "-t ext4 -O bigalloc"}) {
        CAPTURE(options);
        check_contract(folder.make(options));
    }
}

TEST_CASE("content in inodes is read", "[imagebuilder][filetree]") {
    const DiskFolder folder;
    // mke2fs itself spoils these two there.
    folder.run("rm tree/sparse tree/huge; seq 1 30 >tree/some");
    with_open_tree(folder.make("-t ext4 -O inline_data -I 256"), {}, [](const DiskTree& tree) {
        tests::check_tree_entries(tree);
        tests::check_tree_links(tree);
        CHECK(tests::joined_runs(tree, "/some").ends_with("\n29\n30\n"));
        CHECK(tests::names_in(tree, "/etc").size() == 6);
        CHECK(tests::names_in(tree, "/many").size() == 600);
        CHECK(tree.stored_runs("/etc/passwd").size() == 1);
    });
}

TEST_CASE("disks of all formats are trees", "[imagebuilder][filetree]") {
    const DiskFolder folder;
    const std::string raw = folder.make("-t ext4");
    for (const char* format : {"qcow2", "vmdk -o subformat=streamOptimized", "vdi", "vpc", "vhdx",
                               "vmdk -o subformat=twoGbMaxExtentSparse", "qcow2 -c"}) {
        CAPTURE(format);
        folder.run(fmt::format("qemu-img convert -q -O {} disk other", format));
        check_contract(folder.path("other"));
        CHECK(with_disk_tree(folder.path("other"), {}, [](const FileTree& tree) {
                  return tree.read("/etc/os-release", 100);
              }) == "ID=debian\n");
    }
}

TEST_CASE("what fstab mounts of the same disk is laid over the root", "[imagebuilder][filetree]") {
    const base::TempDir dir;
    base::write_file(dir.path() / "fstab", kFstab);
    shell(kSeveral, dir.path());
    with_open_tree(dir.path() / "disk", {}, [](const DiskTree& tree) {
        const DiskContents& contents = tree.contents();
        CHECK(contents.table == "mbr");
        std::string text;
        for (const DiskPart& part : contents.parts) {
            text += fmt::format("{} {} {}; ", part.number, part.file_system, part.mounted);
        }
        CHECK(text == "1 ext2 /boot; 2 ext4 /; 3 ext3 /var/my logs; 5  ; 6  ; 7 ext4 ; 8 XFS ; ");
        CHECK(tree.read("/boot/vmlinuz", 100) == "kernel\n");
        CHECK_FALSE(tree.find("/boot/old"));
        CHECK(tree.read("/var/my logs/log", 100) == "log\n");
        CHECK(tree.read("/boot/../etc/os-release", 100) == "ID=test\n");
        CHECK(tree.find("/boot")->file_id != tree.find("/")->file_id);
        CHECK(has_note(contents, "'/boot/efi' (vfat) is not read"));
        CHECK(has_note(contents, "'/lost' (ext4) is not read"));
        CHECK(has_note(contents, "'/srv' (ext4) is not read"));
        CHECK(contents.notes.size() == 3);
    });
}

TEST_CASE("device names in fstab count when they fit the root", "[imagebuilder][filetree]") {
    const base::TempDir dir;
    std::string fstab = kFstab;
    fstab.replace(fstab.find("UUID=1111"), 41, "/dev/sda2");
    base::write_file(dir.path() / "fstab", fstab);
    shell(kSeveral, dir.path());
    with_open_tree(dir.path() / "disk", {},
                   [](const DiskTree& tree) { CHECK(tree.read("/srv/data", 100) == "data\n"); });
    // Another partition as the root.
    with_open_tree(dir.path() / "disk", {.root_partition = 3},
                   [](const DiskTree& tree) { CHECK(tree.read("/log", 100) == "log\n"); });
    const auto open_with = [&](unsigned root) {
        with_open_tree(dir.path() / "disk", {.root_partition = root}, [](const DiskTree&) {});
    };
    CHECK(kind_of_failure([&] { open_with(9); }) == ErrorKind::not_found);
    CHECK(kind_of_failure([&] { open_with(8); }) == ErrorKind::unsupported);
}

TEST_CASE("what fstab mounts of further disks is laid over the root", "[imagebuilder][filetree]") {
    const base::TempDir dir;
    shell(R"sh(
mkdir -p root/etc root/var/lib/db root/srv root/usr data/base files
echo ID=test >root/etc/os-release
echo 1 >data/base/1; echo file >files/file
cat >root/etc/fstab <<'T'
/dev/vda / ext4 defaults 0 1
UUID=33333333-3333-3333-3333-333333333333 /var/lib/db ext4 defaults 0 2
/dev/vdc1 /srv ext4 defaults 0 2
/dev/vde /usr ext4 nofail 0 2
T
mke2fs -q -F -t ext4 -d data -U 33333333-3333-3333-3333-333333333333 b 8M
truncate -s 16M c; echo 'start=2048' | sfdisk -q c
mke2fs -q -F -t ext4 -d files -E offset=1048576 c 8M
mke2fs -q -F -t ext4 -d root base.raw 16M
# The root is a thin clone, and its image has another fstab.
qemu-img create -q -f qcow2 -b base.raw -F raw a
)sh",
          dir.path());
    const auto path = [&](const char* name) { return (dir.path() / name).string(); };
    const std::vector<DiskFile> files{
        {path("a"), std::nullopt, path("base.raw")}, {path("b"), {}, ""}, {path("c"), {}, ""}};
    const auto read = [](const DiskTree& tree) {
        std::string notes;
        for (const std::string& note : tree.contents().notes) {
            notes += note + "; ";
        }
        return tree.read("/var/lib/db/base/1", 100) + tree.read("/srv/file", 100) + notes;
    };
    CHECK(with_disk_tree(files, {}, read) ==
          "1\nfile\n'/usr' (ext4) is not read: its device is not on these disks; ");
    // In the order of the machine: the kernel's names say nothing else.
    const std::vector<DiskFile> without{files[0], files[2]};
    const std::string notes = with_disk_tree(without, {}, [](const DiskTree& tree) {
        return fmt::format("{} {} {}", bool(tree.find("/srv/file")), tree.contents().notes.front(),
                           fmt::join(tree.contents().unread, " "));
    });
    // What may be missing is not told there.
    CHECK(notes ==
          "false '/srv' (ext4) is not read: its device is not on these disks /srv /var/lib/db");
    CHECK(kind_of_failure([&] {
              with_disk_tree(std::vector{files[1], files[2]}, {},
                             [](const DiskTree&) { return std::string(); });
          }) == ErrorKind::not_found);
    // The tar has all of them.
    DiskTarStream stream(files);
    base::Command list{.argv = {"tar", "-t"}};
    list.stdin_fd = stream.fd();
    const std::string names = base::run_checked(list).out;
    stream.finish();
    CHECK(names.find("var/lib/db/base/1\n") != std::string::npos);
    CHECK(names.find("srv/file\n") != std::string::npos);
}

TEST_CASE("what is not read is named, with the way that reads it", "[imagebuilder][filetree]") {
    const base::TempDir dir;
    const fs::path path = dir.path() / "disk";
    const auto disk_with = [&](std::size_t offset, std::string_view mark) {
        std::string bytes(std::size_t{4} << 20U, '\0');
        bytes.replace(offset, mark.size(), mark);
        base::write_file(path, bytes);
    };
    const auto error = [&] {
        return tests::error_of(
            [&] { DiskTree(*ovfkit::open_disk(path.string(), ovfkit::DiskFormat::raw)); });
    };
    disk_with(0x10040, "_BHRfS_M");
    CHECK(error().kind() == ErrorKind::unsupported);
    CHECK(error().message().ends_with("no root file system that is read here: the disk is btrfs"));
    CHECK(error().hint().find("libguestfs") != std::string::npos);
    for (const auto& [offset, mark] : std::vector<std::pair<std::size_t, std::string>>{
             {0, "XFSB"}, {512, "LABELONE"}, {0, "LUKS\xba\xbe"}, {3, "NTFS    "}}) {
        CAPTURE(mark);
        disk_with(offset, mark);
        CHECK(error().kind() == ErrorKind::unsupported);
    }
    disk_with(4086, "SWAPSPACE2");
    CHECK(error().kind() == ErrorKind::not_found);
    disk_with(0, "");
    CHECK(error().kind() == ErrorKind::not_found);
}

TEST_CASE("a journal that was not replayed and a cut image are said", "[imagebuilder][filetree]") {
    const DiskFolder folder;
    const std::string path = folder.make("-t ext4");
    folder.run("debugfs -w -R 'feature needs_recovery' disk 2>/dev/null");
    with_open_tree(path, {}, [](const DiskTree& tree) {
        CHECK(tree.contents().parts.at(0).journal_dirty);
        CHECK(has_note(tree.contents(), "was not unmounted"));
    });
    folder.run("truncate -s 32M disk");
    with_open_tree(path, {}, [](const DiskTree& tree) {
        CHECK(has_note(tree.contents(), "cut off"));
        CHECK(tree.read("/etc/os-release", 100) == "ID=debian\n");
    });
}

TEST_CASE("import-security 6: a disk is interpreted in a process that cannot do anything else",
          "[imagebuilder][filetree]") {
    const DiskFolder folder;
    const std::string path = folder.make("-t ext4");
    CHECK(with_disk_tree(path, {}, [](const DiskTree& tree) {
              return tree.contents().parts.at(0).file_system + tree.read("/etc/absolute", 100);
          }) == "ext4root:x:0:0");
    CHECK(kind_of_failure([&] {
              with_disk_tree(path, {}, [&](const DiskTree&) { return base::read_file(path); });
          }) != ErrorKind::internal);
    CHECK(kind_of_failure([&] {
              with_disk_tree(path, {}, [](const FileTree& tree) { return tree.read("/none", 9); });
          }) == ErrorKind::not_found);
    CHECK(kind_of_failure([&] { with_disk_tree(path + "none", {}, {}); }) == ErrorKind::not_found);
}
