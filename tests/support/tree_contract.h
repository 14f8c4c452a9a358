// SPDX-License-Identifier: Apache-2.0
// What every FileTree does, whatever it reads: kContractTree makes a tree with all that matters in
// the folder "tree", check_tree_contract() looks at it through the interface.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "imagebuilder/filetree/file_tree.h"
#include "tests/support/catch.h"

namespace tests {

// Also for what cannot be root: no devices, no other owners.
inline constexpr const char* kContractTree = R"sh(
mkdir -p tree/etc/sub tree/usr/lib tree/many tree/loop
cd tree
echo 'ID=debian' >usr/lib/os-release
ln -s ../usr/lib/os-release etc/os-release
printf 'root:x:0:0' >etc/passwd
chmod 4751 etc/passwd
touch -d @1600000000 etc/passwd
ln etc/passwd etc/sub/hard
ln -s /etc/passwd etc/absolute
ln -s ../../../../../../etc/passwd etc/above
ln -s /etc etc/sub/folder
ln -s nowhere etc/dangling
ln -s b loop/a
ln -s a loop/b
ln -s . loop/here
ln -s ../.. loop/up
: >empty
mkfifo pipe
truncate -s 9M sparse
printf middle | dd of=sparse bs=1 seek=5000000 conv=notrunc status=none
truncate -s 1T huge
seq 1 300000 >big
for i in $(seq 600); do echo $i >many/a-rather-long-name-$i; done
printf x >"$(printf 'new\nline\033[31m')"
setfattr -n user.note -v value etc/passwd
)sh";

inline std::vector<std::string> names_in(const imagebuilder::FileTree& tree,
                                         const std::string& path) {
    std::vector<std::string> names;
    for (const imagebuilder::TreeEntry& entry : tree.list(path)) {
        names.push_back(entry.name);
    }
    return names;
}

// The whole file, put together of its runs.
inline std::string joined_runs(const imagebuilder::FileTree& tree, const std::string& path) {
    const auto entry = tree.find(path);
    REQUIRE(entry);
    std::string content(entry->size, '\0');
    std::uint64_t end = 0;
    tree.read_runs(path, [&](std::uint64_t at, std::span<const std::byte> bytes) {
        REQUIRE(at >= end);
        REQUIRE(at + bytes.size() <= content.size());
        content.replace(at, bytes.size(), base::as_text(bytes));
        end = at + bytes.size();
    });
    return content;
}

// What kind of Error fn throws.
template <typename Fn>
base::ErrorKind kind_of_failure(Fn&& fn) {
    return error_of(std::forward<Fn>(fn)).kind();
}

inline void check_tree_entries(const imagebuilder::FileTree& tree) {
    using Type = imagebuilder::TreeEntry::Type;
    const auto root = tree.find("/");
    REQUIRE(root);
    CHECK(root->type == Type::directory);
    CHECK(root->name.empty());
    const auto passwd = tree.find("/etc/passwd");
    REQUIRE(passwd);
    CHECK(passwd->name == "passwd");
    CHECK(passwd->type == Type::file);
    CHECK(passwd->permissions == 04751);
    CHECK(passwd->mtime == 1600000000);
    CHECK(passwd->size == 10);
    CHECK(passwd->links == 2);
    CHECK(passwd->file_id == tree.find("/etc/sub/hard")->file_id);
    CHECK(passwd->file_id != tree.find("/empty")->file_id);
    const auto pipe = tree.find("/pipe");
    REQUIRE(pipe);
    CHECK(pipe->type == Type::other);
    CHECK(pipe->special == 'p');
    CHECK(tree.find("etc//./sub/../passwd"));
    CHECK_FALSE(tree.find("/etc/passwd/x"));
    CHECK_FALSE(tree.find("/etc/passwd/.."));
    CHECK_FALSE(tree.find("/nothing"));
    CHECK_FALSE(tree.find(std::string("/etc\0/passwd", 12)));
    CHECK_FALSE(tree.find("/" + std::string(300, 'n')));
    CHECK_FALSE(tree.find(std::string(5000, '/') + "etc"));
    const auto attributes = tree.attributes("/etc/passwd");
    REQUIRE(attributes.size() == 1);
    CHECK(attributes[0] == imagebuilder::TreeAttribute{"user.note", "value"});
    CHECK(tree.attributes("/etc").empty());
}

inline void check_tree_links(const imagebuilder::FileTree& tree) {
    using Type = imagebuilder::TreeEntry::Type;
    const auto link = tree.find("/etc/absolute");
    REQUIRE(link);
    CHECK(link->type == Type::symlink);
    CHECK(link->link_target == "/etc/passwd");
    CHECK(tree.resolve("/etc/absolute") == "/etc/passwd");
    CHECK(tree.resolve("/etc/above") == "/etc/passwd");
    CHECK(tree.resolve("/etc/sub/folder/sub/folder/os-release") == "/usr/lib/os-release");
    CHECK(tree.resolve("/etc/sub/folder/..") == "/");
    CHECK(tree.resolve("/../../etc") == "/etc");
    CHECK(tree.resolve("/loop/here/here/up/etc") == "/etc");
    CHECK(tree.find("/etc/sub/folder/passwd")->size == 10);
    CHECK_FALSE(tree.resolve("/etc/dangling"));
    CHECK_FALSE(tree.resolve("/loop/a"));
    CHECK_FALSE(tree.find("/loop/a/x"));
    CHECK(tree.read("/etc/above", 100) == "root:x:0:0");
    CHECK(tree.list("/loop/a").empty());
}

inline void check_tree_content(const imagebuilder::FileTree& tree) {
    using base::ErrorKind;
    using imagebuilder::FileRun;
    CHECK(tree.read("/etc/os-release", 100) == "ID=debian\n");
    CHECK(tree.read("/empty", 0).empty());
    CHECK(tree.read("/etc/passwd", 10) == "root:x:0:0");
    CHECK(kind_of_failure([&] { tree.read("/etc/passwd", 9); }) == ErrorKind::invalid_input);
    CHECK(kind_of_failure([&] { tree.read("/huge", 1 << 20); }) == ErrorKind::invalid_input);
    CHECK(kind_of_failure([&] { tree.read("/etc", 9); }) == ErrorKind::not_found);
    CHECK(kind_of_failure([&] { tree.read("/pipe", 9); }) == ErrorKind::not_found);
    CHECK(kind_of_failure([&] { tree.read_runs("/pipe", {}); }) == ErrorKind::not_found);
    CHECK(kind_of_failure([&] { tree.read("/etc/dangling", 9); }) == ErrorKind::not_found);
    const std::string sparse = tree.read("/sparse", 10 << 20);
    CHECK(sparse.size() == 9 << 20);
    CHECK(sparse.substr(4999999, 8) == std::string("\0middle\0", 8));
    CHECK(joined_runs(tree, "/sparse") == sparse);
    const std::string big = tree.read("/big", 10 << 20);
    CHECK(big.size() == 1988895);
    CHECK(big.ends_with("\n300000\n"));
    CHECK(joined_runs(tree, "/big") == big);
    std::uint64_t stored = 0;
    tree.read_runs("/huge", [&](std::uint64_t, auto bytes) { stored += bytes.size(); });
    CHECK(stored == 0);
    CHECK(tree.stored_runs("/huge").empty());
    for (const FileRun& run : tree.stored_runs("/big")) {
        stored += run.bytes;
    }
    CHECK(stored == big.size());
    CHECK(names_in(tree, "/etc") ==
          std::vector<std::string>{"above", "absolute", "dangling", "os-release", "passwd", "sub"});
    CHECK(names_in(tree, "/etc/sub/folder") == names_in(tree, "/etc"));
    CHECK(names_in(tree, "/many").size() == 600);
    CHECK(names_in(tree, "/etc/passwd").empty());
    CHECK(names_in(tree, "/nothing").empty());
    CHECK(tree.read("/new\nline\033[31m", 9) == "x");
    for (const imagebuilder::TreeEntry& entry : tree.list("/")) {
        const auto same = tree.find("/" + entry.name);
        REQUIRE(same);
        CHECK(same->file_id == entry.file_id);
        CHECK(same->size == entry.size);
    }
}

inline void check_tree_contract(const imagebuilder::FileTree& tree) {
    check_tree_entries(tree);
    check_tree_links(tree);
    check_tree_content(tree);
}

}  // namespace tests
