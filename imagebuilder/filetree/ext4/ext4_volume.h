// SPDX-License-Identifier: Apache-2.0
// An ext2, ext3 or ext4 file system somewhere in a disk image, read only and by inodes. The only
// file beside disk/ext4_writer.cpp that knows libext2fs: it reads the superblock, inodes,
// attributes and checksums; folders and maps of blocks are walked by us, in bounded steps. Nothing
// is written and no journal replayed. Borrows the disk. Not thread-safe. For strangers' disks in a
// locked-down process only (see disk_tree.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "imagebuilder/filetree/disk/disk_pages.h"
#include "imagebuilder/filetree/file_tree.h"

namespace imagebuilder {

class Ext4Volume {
  public:
    static constexpr std::uint32_t kRoot = 2;

    struct Child {
        std::string name;
        std::uint32_t inode = 0;
    };

    // `name` is what messages call it: "disk 'x', partition 2". Throws invalid_input when it is
    // damaged, unsupported when it has features that libext2fs does not know.
    Ext4Volume(const DiskPages& disk, std::uint64_t offset, std::uint64_t bytes, std::string name);
    Ext4Volume(Ext4Volume&&) = delete;
    ~Ext4Volume();

    // These throw invalid_input when what they read is damaged, unsupported when it is encrypted.
    TreeEntry entry(std::uint32_t inode) const;               // without its name
    std::vector<Child> children(std::uint32_t folder) const;  // by name, without "." and ".."
    std::string read(std::uint32_t file, std::uint64_t max_bytes) const;
    void read_runs(std::uint32_t file, const FileTree::TakeBytes& take) const;
    std::vector<FileRun> stored_runs(std::uint32_t file) const;
    std::vector<TreeAttribute> attributes(std::uint32_t inode) const;

    bool journal_is_dirty() const;  // the last changes may be in the journal only
    bool is_cut_off() const;        // it says that it is longer than its place

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace imagebuilder
