// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/tree/tree_listing.h"

#include "base/error.h"
#include "tests/support/catch.h"

using imagebuilder::compare;
using imagebuilder::ListedFile;
using imagebuilder::parse_listing;
using imagebuilder::TreeListing;

namespace {

using Paths = std::vector<std::string>;

ListedFile listed(const std::string& path, char type = 'f', std::uint64_t inode = 1,
                  std::uint64_t links = 1, const std::string& stamp = "then") {
    return {path, type, inode, links, stamp};
}

}  // namespace

TEST_CASE("what find printed is read and put into the order of folders", "[imagebuilder][layers]") {
    using namespace std::string_literals;
    const TreeListing listing = parse_listing(
        "f 7 2 1700000000.5 1600000000.25 3 644 0 33 a b\nc\0"s
        "f 8 1 1.0 1.0 0 600 0 0 a-b\0"s
        "d 2 3 1.0 1.0 4096 755 0 0 \0"s
        "d 3 2 1.0 1.0 4096 755 0 0 a\0"s
        "f 4 1 1.0 1.0 4096 755 0 0 a/x\0"s
        "c 9 1 1.0 1.0 0 600 0 0 dev/null\0"s);
    REQUIRE(listing.size() == 5);
    CHECK(listing[0].path == ".");
    CHECK(listing[0].is_folder());
    CHECK(listing[1].path == "./a");
    CHECK(listing[2].path == "./a/x");
    CHECK(listing[3].path == "./a b\nc");
    CHECK(listing[3].inode == 7);
    CHECK(listing[3].links == 2);
    CHECK(listing[4].path == "./a-b");
    for (const std::string& bad :
         {"f 1 1 1.0 1.0 0 644 0 0 a"s, "f 1 1 1.0\0"s, "f x 1 1.0 1.0 0 644 0 0 a\0"s}) {
        CHECK(tests::error_of([&] { parse_listing(bad); }).kind() == base::ErrorKind::external);
    }
}

TEST_CASE("a change is stored with the folders that lead there", "[imagebuilder][layers]") {
    const TreeListing before{listed(".", 'd'), listed("./a", 'd'), listed("./a/b", 'd'),
                             listed("./a/b/x"), listed("./c")};
    CHECK(compare(before, before).empty());
    TreeListing after = before;
    after[3].stamp = "now";
    const auto difference = compare(before, after);
    CHECK(difference.stored == Paths{".", "./a", "./a/b", "./a/b/x"});
    CHECK(difference.folders == Paths{".", "./a", "./a/b"});
    CHECK(difference.removed.empty());
}

TEST_CASE("all names of a file are stored when one is new", "[imagebuilder][layers]") {
    const TreeListing before{listed(".", 'd'), listed("./a", 'd', 2), listed("./a/x", 'f', 9, 2),
                             listed("./z", 'f', 9, 2)};
    // The folder a was renamed to b: the kernel leaves the file in it as it was.
    const TreeListing after{listed(".", 'd', 1, 1, "now"), listed("./b", 'd', 2, 1, "now"),
                            listed("./b/x", 'f', 9, 2), listed("./z", 'f', 9, 2)};
    const auto difference = compare(before, after);
    CHECK(difference.stored == Paths{".", "./b", "./b/x", "./z"});
    CHECK(difference.removed == Paths{"./a"});
    CHECK(difference.folders == Paths{"."});
}

TEST_CASE("what changes its type goes first, and what was below it with it",
          "[imagebuilder][layers]") {
    const TreeListing before{listed(".", 'd'), listed("./a", 'd', 2), listed("./a/x", 'f', 3),
                             listed("./a-b", 'f', 4), listed("./l", 'l', 5)};
    const TreeListing after{listed(".", 'd', 1, 1, "now"), listed("./a", 'l', 6, 1, "now"),
                            listed("./l", 'd', 7, 1, "now"), listed("./l/y", 'f', 8, 1, "now")};
    const auto difference = compare(before, after);
    CHECK(difference.removed == Paths{"./a", "./a-b", "./l"});
    CHECK(difference.stored == Paths{".", "./a", "./l", "./l/y"});
    CHECK(difference.folders == Paths{"."});
}
