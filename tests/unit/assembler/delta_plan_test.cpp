// SPDX-License-Identifier: Apache-2.0
#include "assembler/delta_plan.h"

#include "base/file.h"
#include "tests/support/catch.h"

using assembler::DiskSample;
using Parents = std::vector<std::optional<std::size_t>>;

namespace {

// Block i has the digest of letter i; '0' is zeros.
DiskSample sample(const std::string& letters) {
    DiskSample made{.capacity_bytes = letters.size() * 65536, .blocks = {}};
    for (std::size_t i = 0; i < letters.size(); ++i) {
        if (letters[i] != '0') {
            made.blocks.push_back({i, static_cast<std::uint64_t>(letters[i])});
        }
    }
    return made;
}

}  // namespace

TEST_CASE("the parent of a disk is the one that saves most", "[assembler][delta]") {
    CHECK(assembler::choose_parents({sample("abcdef"), sample("abcxyz"), sample("abcxyw")}) ==
          Parents{std::nullopt, 0, 1});
    CHECK(assembler::choose_parents({sample("abc"), sample("xyz")}) ==
          Parents{std::nullopt, std::nullopt});
    CHECK(assembler::choose_parents({}) == Parents{});
}

TEST_CASE("a parent is never larger, nor is anything its own ancestor", "[assembler][delta]") {
    CHECK(assembler::choose_parents({sample("abcd00"), sample("abc"), sample("abcd0")}) ==
          Parents{2, std::nullopt, 1});
}

TEST_CASE("a delta that saves little is not made", "[assembler][delta]") {
    std::string one(100, 'a');
    std::string other(100, 'b');
    other.replace(0, 9, 9, 'a');
    CHECK(assembler::choose_parents({sample(one), sample(other)}) ==
          Parents{std::nullopt, std::nullopt});
    other.replace(0, 20, 20, 'a');
    CHECK(assembler::choose_parents({sample(one), sample(other)}) == Parents{std::nullopt, 0});
    // Much that became zeros has to be said too.
    CHECK(assembler::choose_parents(
              {sample("a" + std::string(1000, 'b')), sample("a" + std::string(1000, '0'))}) ==
          Parents{std::nullopt, std::nullopt});
    CHECK(assembler::choose_parents({sample("000"), sample("000")}) ==
          Parents{std::nullopt, std::nullopt});
}

TEST_CASE("a sample is of the blocks that hold something", "[assembler][delta]") {
    const base::TempDir dir;
    std::string disk(5 * 65536 + 512, '\0');
    disk[65536 * 2] = 'x';
    disk[65536 * 3] = 'x';
    disk.back() = 'y';
    base::write_file(dir.path() / "disk", disk);
    const auto reader = ovfkit::open_disk((dir.path() / "disk").string(), ovfkit::DiskFormat::raw);
    const DiskSample all = assembler::sample_disk(*reader, 1);
    REQUIRE(all.blocks.size() == 3);
    CHECK(all.blocks[0].index == 2);
    CHECK(all.blocks[0].digest == all.blocks[1].digest);
    CHECK(all.blocks[2].index == 5);
    const DiskSample some = assembler::sample_disk(*reader, 2);
    REQUIRE(some.blocks.size() == 1);
    CHECK(some.blocks[0].index == 2);
}
