// SPDX-License-Identifier: Apache-2.0
#include "tests/support/memory_tree.h"

#include "tests/support/catch.h"

using tests::MemoryTree;

TEST_CASE("a tree in memory follows links inside itself only", "[imagebuilder][filetree]") {
    const MemoryTree tree = tests::tree_of_text(
        "=== /usr/lib/os-release\nID=debian\n=== /etc/os-release -> ../usr/lib/os-release\n"
        "=== /lib -> usr/lib\n=== /out -> ../../../usr\n=== /loop -> loop\n=== /var/empty/\n"
        "=== /etc/none\n=== /etc/last\nno line end");
    CHECK(tree.read("/etc/os-release", 100) == "ID=debian\n");
    CHECK(tree.read("/lib/os-release", 100) == "ID=debian\n");
    CHECK(tree.resolve("/out/lib") == "/usr/lib");
    CHECK(tree.resolve("/etc/../..//lib/.") == "/usr/lib");
    CHECK_FALSE(tree.resolve("/loop"));
    CHECK(tree.find("/loop")->type == MemoryTree::Entry::Type::symlink);
    CHECK(tree.find("/var/empty")->type == MemoryTree::Entry::Type::directory);
    CHECK_FALSE(tree.find("/etc/last/below"));
    CHECK(tree.read("/etc/none", 0).empty());
    CHECK(tree.read("/etc/last", 100) == "no line end");
}

TEST_CASE("a tree in memory lists folders by name and refuses what is no file",
          "[imagebuilder][filetree]") {
    MemoryTree tree;
    tree.file("/etc/b", "1").file("/etc/a/x", "22").file("/etc-not", "").link("/e", "etc");
    const auto entries = tree.list("/e");
    REQUIRE(entries.size() == 2);
    CHECK(entries[0].name == "a");
    CHECK(entries[0].type == MemoryTree::Entry::Type::directory);
    CHECK(entries[1].name == "b");
    CHECK(entries[1].size == 1);
    CHECK(tree.list("/etc/b").empty());
    CHECK(tests::error_of([&] { tree.read("/etc/a", 9); }).kind() == base::ErrorKind::not_found);
    CHECK(tests::error_of([&] { tree.read("/etc/a/x", 1); }).kind() ==
          base::ErrorKind::invalid_input);
}
