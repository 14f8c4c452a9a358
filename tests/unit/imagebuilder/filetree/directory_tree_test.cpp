// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/filetree/directory_tree.h"

#include "base/error.h"
#include "base/file.h"
#include "tests/support/catch.h"
#include "tests/support/shell.h"
#include "tests/support/tree_contract.h"

using namespace imagebuilder;
using base::ErrorKind;
using tests::kind_of_failure;

TEST_CASE("a folder of the host is a tree", "[imagebuilder][filetree]") {
    const base::TempDir dir;
    tests::shell(tests::kContractTree, dir.path());
    tests::check_tree_contract(*open_directory_tree(dir.path() / "tree"));
}

TEST_CASE("a tree of a folder never leaves it", "[imagebuilder][filetree]") {
    const base::TempDir dir;
    // clang-format off
    tests::shell(R"sh(
mkdir -p tree/in outside
echo secret >outside/secret
ln -s "$PWD/outside" tree/absolute
ln -s ../outside tree/above
ln -s ../../outside/secret tree/in/far
ln -s /proc/self/root/etc tree/magic
ln -s /proc/self/cwd tree/cwd
)sh", dir.path());
    // clang-format on
    const auto tree = open_directory_tree(dir.path() / "tree");
    for (const char* path : {"/absolute/secret", "/above/secret", "/in/far", "/../outside/secret",
                             "/magic/passwd", "/cwd/secret", "/above/../outside/secret"}) {
        CAPTURE(path);
        CHECK_FALSE(tree->resolve(path));
        CHECK(kind_of_failure([&] { tree->read(path, 100); }) == ErrorKind::not_found);
        CHECK(tree->list(path).empty());
        CHECK_FALSE(read_if_there(*tree, path));
    }
}

TEST_CASE("a tree needs a folder", "[imagebuilder][filetree]") {
    const base::TempDir dir;
    base::write_file(dir.path() / "file", "x");
    CHECK(kind_of_failure([&] { open_directory_tree(dir.path() / "none"); }) ==
          ErrorKind::not_found);
    CHECK_THROWS_AS(open_directory_tree(dir.path() / "file"), base::Error);
}

TEST_CASE("configuration that is too long is left out", "[imagebuilder][filetree]") {
    const base::TempDir dir;
    tests::shell("echo hello >small; truncate -s 5M long", dir.path());
    const auto tree = open_directory_tree(dir.path());
    CHECK(read_if_there(*tree, "/small") == "hello\n");
    CHECK_FALSE(read_if_there(*tree, "/long"));
    CHECK_FALSE(read_if_there(*tree, "/none"));
}
