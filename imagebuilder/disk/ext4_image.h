// SPDX-License-Identifier: Apache-2.0
// An ext4 file system made offline inside a disk image: formatted by mke2fs, filled by libext2fs
// straight from a tar stream. No mount, no root, no loop device. The result depends on the stream
// and the options only: times are clamped, unused blocks are holes. Owners, modes, hard links,
// xattrs (ACLs and capabilities with them) and devices come through as they are in the stream.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

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

// Borrows tar_fd. Throws invalid_input when the tree does not fit (hint: a larger disk).
Ext4Summary make_ext4(const Ext4Options& options, int tar_fd, const std::string& tar_name);

}  // namespace imagebuilder
