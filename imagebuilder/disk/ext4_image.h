// SPDX-License-Identifier: Apache-2.0
// An ext4 file system made offline inside a disk image: formatted by mke2fs, filled by libext2fs
// straight from a stream of entries. No mount, no root, no loop device. The result depends on the
// stream and the options only: times are clamped, unused blocks are holes. Owners, modes, hard
// links, xattrs (ACLs and capabilities with them) and devices come through as they are in the
// stream.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "imagebuilder/disk/ext4_writer.h"

namespace imagebuilder {

struct Ext4Options {
    std::filesystem::path image;  // exists already, with zeros in the range
    std::uint64_t offset = 0;     // of the file system in the image
    std::uint64_t size_bytes = 0;
    std::string uuid;  // lower case with hyphens
    std::string label;
    std::int64_t epoch = 0;  // no time in the file system is later
};

struct Ext4Summary {
    std::uint64_t files = 0;
    std::uint64_t data_bytes = 0;  // stored, holes not counted
    std::uint64_t free_bytes = 0;
};

// An empty one, ready for an Ext4Writer.
void format_ext4(const Ext4Options& options);

// All of it, from a tar stream; `write_data` as the Ext4Writer has it. Borrows tar_fd. Throws
// invalid_input when the tree does not fit (hint: a larger disk).
Ext4Summary make_ext4(const Ext4Options& options, int tar_fd, const std::string& tar_name,
                      const Ext4Writer::WriteData& write_data);

}  // namespace imagebuilder
