// SPDX-License-Identifier: Apache-2.0
// Where the content of an ext2, ext3 or ext4 file lies: its extent tree or its lists of blocks as
// runs. Trees are walked in bounded steps whatever they say: levels, order, places and counts are
// checked, and a block that is part of two places of one tree is damage. Throws invalid_input with
// a clause that does not name the file.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace imagebuilder {

// Blocks of a file that are stored: all others are zeros.
struct BlockRun {
    std::uint64_t logical = 0;
    std::uint64_t physical = 0;
    std::uint64_t length = 0;
};

struct BlockMapSource {
    std::span<const std::byte> root;  // the 60 bytes of the inode
    std::uint64_t size_blocks = 0;    // of the file; what is mapped beyond is left out
    std::uint64_t volume_blocks = 0;  // of the file system
    std::uint32_t block_bytes = 0;
    // A block of the map, verified where the file system has checksums.
    std::function<std::vector<std::byte>(std::uint64_t)> read_block;
};

std::vector<BlockRun> map_extents(const BlockMapSource& source);
std::vector<BlockRun> map_block_lists(const BlockMapSource& source);

}  // namespace imagebuilder
