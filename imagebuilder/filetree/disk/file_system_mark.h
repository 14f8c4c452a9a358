// SPDX-License-Identifier: Apache-2.0
// What a partition holds, told by its magic numbers: ext2, ext3 and ext4, which we read, and by
// name those that we do not. Only names and identities are read here, nothing is interpreted.
#pragma once

#include <cstdint>
#include <string>

#include "imagebuilder/filetree/disk/disk_pages.h"

namespace imagebuilder {

struct FileSystemMark {
    std::string kind;         // "ext4", "xfs", "LVM", "swap", …; empty: unknown
    std::string uuid;         // of ext
    std::string label;        // of ext
    bool readable = false;    // by our own reader
    bool may_be_root = true;  // of a Linux, for somebody who can read it
};

FileSystemMark identify_file_system(const DiskPages& disk, std::uint64_t offset,
                                    std::uint64_t bytes);

}  // namespace imagebuilder
