// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/filetree/tar/tree_tar.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "imagebuilder/filetree/directory_tree.h"
#include "imagebuilder/filetree/disk_tree.h"
#include "imagebuilder/filetree/tar/tar_writer.h"
#include "tests/support/catch.h"
#include "tests/support/shell.h"
#include "tests/support/tree_contract.h"

using namespace imagebuilder;
using tests::shell;

namespace {

namespace fs = std::filesystem;

void write_disk_tar(const fs::path& disk, const fs::path& tar) {
    const base::UniqueFd out = base::open_file(tar, O_WRONLY | O_CREAT | O_TRUNC);
    DiskTarStream stream(disk);
    std::vector<std::byte> buffer(100000);
    while (const std::size_t got = base::read_some(stream.fd(), buffer, "the stream")) {
        base::write_all(out.get(), std::span(buffer).first(got), tar.string());
    }
    stream.finish();
}

std::string listing(const fs::path& dir, const std::string& arguments) {
    return shell("TZ=UTC tar --numeric-owner --full-time -tvf " + arguments, dir).out;
}

}  // namespace

TEST_CASE("a tar of a disk unpacks to the tree that it holds", "[imagebuilder][filetree][tar]") {
    const base::TempDir dir;
    shell(tests::kContractTree, dir.path());
    // clang-format off
    shell(R"sh(
ln -s "$(printf 'deep/%.0s' $(seq 40))" tree/long-link
mkdir -p "tree/$(printf 'folder-of-a-long-name/%.0s' $(seq 8))"
echo far >"tree/$(printf 'folder-of-a-long-name/%.0s' $(seq 8))file"
ln tree/etc/passwd "tree/$(printf 'folder-of-a-long-name/%.0s' $(seq 8))hard"
setfattr -n user.long -v "$(printf 'v%.0s' $(seq 500))" tree/empty
mke2fs -q -F -t ext4 -d tree disk 64M
debugfs -w -f /dev/stdin disk >/dev/null 2>&1 <<'R'
mknod null c 1 3
mknod disk b 8 300
set_inode_field /null mode 020666
set_inode_field /empty uid 5000000
set_inode_field /empty gid 4000000000
set_inode_field /big uid 1000
set_inode_field /big mtime @4300000000
R
)sh", dir.path());
    // clang-format on
    write_disk_tar(dir.path() / "disk", dir.path() / "tar");
    shell(
        "mkdir out; tar -C out --exclude=./null --exclude=./disk --no-same-owner --xattrs -xpf "
        "tar; "
        "diff -r --no-dereference --exclude=lost+found --exclude=pipe --exclude=huge tree out",
        dir.path());
    CHECK(shell("stat -c '%A %s' out/pipe out/huge", dir.path()).out ==
          "prw-r--r-- 0\n-rw-r--r-- 1099511627776\n");
    CHECK(shell("du -k out/huge | cut -f1", dir.path()).out == "0\n");
    CHECK(shell("getfattr -d out/etc/passwd", dir.path()).out.find("user.note=\"value\"") !=
          std::string::npos);
    struct stat hard {};
    REQUIRE(::stat((dir.path() / "out/etc/passwd").c_str(), &hard) == 0);
    CHECK(hard.st_nlink == 3);
    CHECK((hard.st_mode & 07777U) == 04751);
    CHECK(hard.st_mtime == 1600000000);
    const std::string lines = listing(dir.path(), "tar ./null ./disk ./empty ./big");
    CHECK(lines.find("crw-rw-rw- 0/0") != std::string::npos);
    CHECK(lines.find(" 8,300 ") != std::string::npos);
    CHECK(lines.find("5000000/4000000000") != std::string::npos);
    CHECK(lines.find("1000/0") != std::string::npos);
    CHECK(lines.find("2106-04-06") != std::string::npos);
}

TEST_CASE("the same tree makes the same tar", "[imagebuilder][filetree][tar]") {
    const base::TempDir dir;
    shell(tests::kContractTree, dir.path());
    shell("mke2fs -q -F -t ext4 -d tree disk 64M; rm -r tree/huge; mv tree one; cp -a one two",
          dir.path());
    write_disk_tar(dir.path() / "disk", dir.path() / "a");
    write_disk_tar(dir.path() / "disk", dir.path() / "b");
    shell("cmp a b", dir.path());
    const auto tar_of = [&](const std::string& folder) {
        base::MemorySink sink;
        write_tree_tar(*open_directory_tree(dir.path() / folder), sink);
        return sink.data();
    };
    CHECK(tar_of("one") == tar_of("two"));
    base::write_file(dir.path() / "two.tar", tar_of("two"));
    shell("mkdir out; tar -C out -xpf two.tar; diff -r --no-dereference --exclude=pipe one out",
          dir.path());
}

TEST_CASE("a tar of a damaged disk ends with the error", "[imagebuilder][filetree][tar]") {
    const base::TempDir dir;
    shell(tests::kContractTree, dir.path());
    shell(
        "mke2fs -q -F -t ext4 -O ^metadata_csum -d tree disk 64M; "
        "debugfs -w -R 'link /etc /usr/again' disk 2>/dev/null",
        dir.path());
    const auto error =
        tests::error_of([&] { write_disk_tar(dir.path() / "disk", dir.path() / "tar"); });
    CHECK(error.kind() == base::ErrorKind::invalid_input);
    CHECK(error.message().find("the folder is '/etc' too") != std::string::npos);
}

TEST_CASE("content of another length than announced is no tar", "[imagebuilder][filetree][tar]") {
    const auto fails = [](std::string_view content) {
        base::MemorySink sink;
        TarWriter tar(sink);
        tar.add({.path = "file", .size = 5});
        return tests::error_of([&] {
                   tar.write(base::as_bytes(content));
                   tar.finish();
               }).kind() == base::ErrorKind::conflict;
    };
    CHECK(fails("1234"));
    CHECK(fails("123456"));
}
