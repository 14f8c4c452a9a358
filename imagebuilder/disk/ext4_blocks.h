// SPDX-License-Identifier: Apache-2.0
// Where the blocks of an ext4 file system go that is being filled: files lie one after the other,
// and what libext2fs needs for itself (folders, trees of extents, attributes) is kept together in
// places of its own, so that the data of files comes in long runs of whole clusters. Not
// thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

extern "C" {
#include <ext2fs/ext2_fs.h>
#include <ext2fs/ext2fs.h>
}

namespace imagebuilder {

inline constexpr std::size_t kExt4Block = 4096;

// Throws what an error of libext2fs means for '/PATH'.
void check_ext4(errcode_t status, std::string_view path, std::string_view doing);

struct BlockRun {
    blk64_t first = 0;
    std::uint32_t length = 0;
};

class Ext4Blocks {
  public:
    // Takes over the allocation of blocks in `fs`, which must outlive this.
    explicit Ext4Blocks(ext2_filsys fs);
    Ext4Blocks(const Ext4Blocks&) = delete;
    Ext4Blocks& operator=(const Ext4Blocks&) = delete;

    // The next free run of at most `wanted` blocks, for the file `path`. They are taken then.
    BlockRun take(std::uint32_t wanted, const std::string& path);
    // A free block for something of libext2fs's, which takes it itself; 0: there is none.
    blk64_t find_own();

  private:
    bool reserve();
    blk64_t first_free(blk64_t from) const;  // 0: none

    ext2_filsys fs_;
    blk64_t goal_;     // of the next file
    blk64_t own_ = 0;  // the next of the reserved blocks
    blk64_t own_end_ = 0;
};

// Collects the extents of one file: neighbours are merged before the tree sees them.
class ExtentList {
  public:
    ExtentList(ext2_filsys fs, ext2_ino_t ino, ext2_inode& inode, const std::string& path);
    ExtentList(const ExtentList&) = delete;
    ExtentList& operator=(const ExtentList&) = delete;
    ~ExtentList();

    void add(blk64_t logical, const BlockRun& run);
    void flush();

  private:
    ext2_filsys fs_;
    ext2_inode& inode_;
    const std::string& path_;
    ext2_extent_handle_t handle_ = nullptr;
    ext2fs_extent pending_{};
};

}  // namespace imagebuilder
