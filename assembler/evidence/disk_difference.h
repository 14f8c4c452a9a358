// SPDX-License-Identifier: Apache-2.0
// Where two disk images differ: bit by bit, and by the files of the systems on them. The disks may
// be strangers': their file systems are read in a locked-down child.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace assembler {

struct FileDifference {
    std::string path;
    std::string what;  // "only in the first", "content, time"
};

struct DiskDifference {
    std::uint64_t bytes = 0;  // that differ; zeros follow the end of the shorter disk
    std::uint64_t first = 0;  // where the first one is
    bool files_read = false;  // false: `note` says why not
    std::string note;
    std::vector<FileDifference> files;  // by path

    bool same() const { return bytes == 0; }
};

// Files are compared when bytes differ. Throws what opening the disks throws.
DiskDifference compare_disks(const std::string& first, const std::string& second);

}  // namespace assembler
