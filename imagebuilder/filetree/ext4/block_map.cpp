// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/filetree/ext4/block_map.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "base/error.h"
#include "ovfkit/disk/byte_order.h"

namespace imagebuilder {

namespace {

using ovfkit::load_le;
using MapBytes = std::span<const std::byte>;

constexpr std::uint16_t kExtentMagic = 0xf30a;
constexpr unsigned kMostExtentLevels = 5;
constexpr std::size_t kExtentEntryBytes = 12;
constexpr std::uint32_t kInitialisedBlocks = 32768;  // a longer extent is allocated, not written
constexpr std::size_t kMostRuns = std::size_t{4} << 20U;
constexpr std::size_t kDirectBlocks = 12;

[[noreturn]] void fail_map(std::string_view what) {
    throw base::Error(base::ErrorKind::invalid_input, std::string(what));
}

class RunList {
  public:
    explicit RunList(const BlockMapSource& source) : source_(source) {}

    // In rising order; what is beyond the end of the file is dropped.
    void add(std::uint64_t logical, std::uint64_t physical, std::uint64_t length) {
        if (physical == 0 || physical >= source_.volume_blocks ||
            length > source_.volume_blocks - physical) {
            fail_map("its content lies outside the file system");
        }
        if (logical >= source_.size_blocks) {
            return;
        }
        length = std::min(length, source_.size_blocks - logical);
        BlockRun* last = runs_.empty() ? nullptr : &runs_.back();
        if (last != nullptr && last->logical + last->length == logical &&
            last->physical + last->length == physical) {
            last->length += length;
            return;
        }
        if (runs_.size() == kMostRuns) {
            fail_map("its content is in too many pieces");
        }
        runs_.push_back({logical, physical, length});
    }
    // A block of the map itself, once.
    std::vector<std::byte> read_block(std::uint64_t block) {
        if (block == 0 || block >= source_.volume_blocks) {
            fail_map("its block map lies outside the file system");
        }
        if (!seen_.insert(block).second) {
            fail_map("its block map runs in a circle");
        }
        return source_.read_block(block);
    }
    std::vector<BlockRun> take() { return std::move(runs_); }

  private:
    const BlockMapSource& source_;
    std::vector<BlockRun> runs_;
    std::unordered_set<std::uint64_t> seen_;
};

// ---- ext4: a tree of extents

class ExtentWalk {
  public:
    explicit ExtentWalk(RunList& runs) : runs_(runs) {}

    void node(MapBytes bytes, unsigned depth) {
        const auto entries = load_le<std::uint16_t>(bytes, 2);
        if (load_le<std::uint16_t>(bytes, 0) != kExtentMagic ||
            load_le<std::uint16_t>(bytes, 6) != depth ||
            (entries + std::size_t{1}) * kExtentEntryBytes > bytes.size()) {
            fail_map("its extents are damaged");
        }
        for (std::size_t i = 1; i <= entries; ++i) {
            const MapBytes entry = bytes.subspan(i * kExtentEntryBytes, kExtentEntryBytes);
            if (depth == 0) {
                extent(entry);
            } else {
                index(entry, depth);
            }
        }
    }

  private:
    void extent(MapBytes entry) {
        const std::uint64_t logical = load_le<std::uint32_t>(entry, 0);
        const std::uint32_t length = load_le<std::uint16_t>(entry, 4);
        const std::uint64_t physical = load_le<std::uint32_t>(entry, 8) |
                                       std::uint64_t{load_le<std::uint16_t>(entry, 6)} << 32U;
        const bool written = length <= kInitialisedBlocks;
        const std::uint64_t blocks = written ? length : length - kInitialisedBlocks;
        if (logical < next_ || blocks == 0) {
            fail_map("its extents are not in order");
        }
        next_ = logical + blocks;
        if (written) {
            runs_.add(logical, physical, blocks);
        }
    }
    void index(MapBytes entry, unsigned depth) {
        const std::uint64_t block = load_le<std::uint32_t>(entry, 4) |
                                    std::uint64_t{load_le<std::uint16_t>(entry, 8)} << 32U;
        if (load_le<std::uint32_t>(entry, 0) < next_) {
            fail_map("its extents are not in order");
        }
        const std::vector<std::byte> child = runs_.read_block(block);
        node(child, depth - 1);
    }

    RunList& runs_;
    std::uint64_t next_ = 0;  // the first block that may come now
};

// ---- ext2 and ext3: lists of blocks, lists of lists and so on

class ListWalk {
  public:
    ListWalk(const BlockMapSource& source, RunList& runs) : source_(source), runs_(runs) {}

    // A block of content (level 0) or a list of blocks of the level below.
    void entry(std::uint32_t block, unsigned level) {
        if (block == 0) {
            next_ += blocks_below(level);
        } else if (level == 0) {
            runs_.add(next_++, block, 1);
        } else {
            const std::vector<std::byte> list = runs_.read_block(block);
            for (std::size_t i = 0; i * 4 < list.size() && next_ < source_.size_blocks; ++i) {
                entry(load_le<std::uint32_t>(list, i * 4), level - 1);
            }
        }
    }
    bool done() const { return next_ >= source_.size_blocks; }

  private:
    std::uint64_t blocks_below(unsigned level) const {
        std::uint64_t blocks = 1;
        for (; level > 0; --level) {
            blocks *= source_.block_bytes / 4;
        }
        return blocks;
    }

    const BlockMapSource& source_;
    RunList& runs_;
    std::uint64_t next_ = 0;
};

}  // namespace

std::vector<BlockRun> map_extents(const BlockMapSource& source) {
    RunList runs(source);
    const unsigned depth = load_le<std::uint16_t>(source.root, 6);
    if (depth > kMostExtentLevels) {
        fail_map("its extents are damaged");
    }
    ExtentWalk(runs).node(source.root, depth);
    return runs.take();
}

std::vector<BlockRun> map_block_lists(const BlockMapSource& source) {
    RunList runs(source);
    ListWalk walk(source, runs);
    for (std::size_t i = 0; i < kDirectBlocks + 3 && !walk.done(); ++i) {
        walk.entry(load_le<std::uint32_t>(source.root, i * 4),
                   i < kDirectBlocks ? 0 : static_cast<unsigned>(i - kDirectBlocks + 1));
    }
    return runs.take();
}

}  // namespace imagebuilder
