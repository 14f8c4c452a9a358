// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/disk/ext4_blocks.h"

#include <algorithm>

extern "C" {
#include <et/com_err.h>
}

#include <fmt/format.h>

#include "base/error.h"

namespace imagebuilder {

namespace {

using base::Error;
using base::ErrorKind;

constexpr std::uint32_t kMaxExtent = EXT_INIT_MAX_LEN;
constexpr blk64_t kOwnBlocks = 128;    // reserved at a time
constexpr blk64_t kOwnAlignment = 16;  // a cluster of the image

errcode_t give_own_block(ext2_filsys fs, blk64_t /*goal*/, blk64_t* block,
                         blk_alloc_ctx* /*context*/) {
    *block = static_cast<Ext4Blocks*>(fs->priv_data)->find_own();
    return *block == 0 ? EXT2_ET_BLOCK_ALLOC_FAIL : 0;
}

}  // namespace

void check_ext4(errcode_t status, std::string_view path, std::string_view doing) {
    if (status == 0) {
        return;
    }
    if (status == EXT2_ET_BLOCK_ALLOC_FAIL || status == EXT2_ET_INODE_ALLOC_FAIL) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("the root file system is full at '/{}'", path),
                    "give the recipe a larger 'disk: { size: … }'");
    }
    throw Error(ErrorKind::environment,
                fmt::format("cannot {} '/{}': {}", doing, path, error_message(status)));
}

Ext4Blocks::Ext4Blocks(ext2_filsys fs) : fs_(fs), goal_(fs->super->s_first_data_block) {
    fs->priv_data = this;
    fs->get_alloc_block2 = &give_own_block;
}

blk64_t Ext4Blocks::first_free(blk64_t from) const {
    const blk64_t last = ext2fs_blocks_count(fs_->super) - 1;
    blk64_t found = 0;
    const bool any = from <= last &&
                     ext2fs_find_first_zero_block_bitmap2(fs_->block_map, from, last, &found) == 0;
    return any ? found : 0;
}

BlockRun Ext4Blocks::take(std::uint32_t wanted, const std::string& path) {
    blk64_t first = first_free(goal_);
    if (first == 0) {
        first = first_free(fs_->super->s_first_data_block);  // what was left behind
    }
    if (first == 0) {
        check_ext4(EXT2_ET_BLOCK_ALLOC_FAIL, path, "store");
    }
    const blk64_t limit =
        std::min<blk64_t>(ext2fs_blocks_count(fs_->super) - 1, first + wanted - 1);
    blk64_t end = 0;
    if (ext2fs_find_first_set_block_bitmap2(fs_->block_map, first, limit, &end) != 0) {
        end = limit + 1;
    }
    const auto length = static_cast<std::uint32_t>(end - first);
    ext2fs_block_alloc_stats_range(fs_, first, length, +1);
    goal_ = end;
    return {first, length};
}

// The next place that is whole; files go on behind it.
bool Ext4Blocks::reserve() {
    blk64_t at = first_free(goal_);
    while (at != 0) {
        at = (at + kOwnAlignment - 1) / kOwnAlignment * kOwnAlignment;
        if (at + kOwnBlocks > ext2fs_blocks_count(fs_->super)) {
            return false;
        }
        blk64_t used = 0;
        if (ext2fs_find_first_set_block_bitmap2(fs_->block_map, at, at + kOwnBlocks - 1, &used) !=
            0) {
            own_ = at;
            own_end_ = goal_ = at + kOwnBlocks;
            return true;
        }
        at = first_free(used);
    }
    return false;
}

blk64_t Ext4Blocks::find_own() {
    // When the file system is nearly full, files may have taken reserved ones.
    while (own_ < own_end_ && ext2fs_test_block_bitmap2(fs_->block_map, own_) != 0) {
        ++own_;
    }
    if (own_ == own_end_ && !reserve()) {
        return first_free(fs_->super->s_first_data_block);
    }
    return own_++;
}

ExtentList::ExtentList(ext2_filsys fs, ext2_ino_t ino, ext2_inode& inode, const std::string& path)
    : fs_(fs), inode_(inode), path_(path) {
    check_ext4(ext2fs_extent_open2(fs, ino, &inode, &handle_), path, "open the extents of");
}

ExtentList::~ExtentList() {
    ext2fs_extent_free(handle_);
}

void ExtentList::add(blk64_t logical, const BlockRun& run) {
    if (pending_.e_len != 0 && pending_.e_lblk + pending_.e_len == logical &&
        pending_.e_pblk + pending_.e_len == run.first &&
        pending_.e_len + run.length <= kMaxExtent) {
        pending_.e_len += run.length;
        return;
    }
    flush();
    pending_.e_lblk = logical;
    pending_.e_pblk = run.first;
    pending_.e_len = run.length;
}

void ExtentList::flush() {
    if (pending_.e_len == 0) {
        return;
    }
    check_ext4(ext2fs_extent_insert(handle_, EXT2_EXTENT_INSERT_AFTER, &pending_), path_,
               "store the extents of");
    check_ext4(ext2fs_extent_fix_parents(handle_), path_, "store the extents of");
    check_ext4(ext2fs_iblk_add_blocks(fs_, &inode_, pending_.e_len), path_, "count the blocks of");
    pending_ = {};
}

}  // namespace imagebuilder
