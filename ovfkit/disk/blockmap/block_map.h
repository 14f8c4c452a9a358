// SPDX-License-Identifier: Apache-2.0
// Disks that are blocks of one size somewhere in a file, by a map that is small enough to be kept:
// VDI, VHD and VHDX. The parsers check everything they read against the size of the file before
// they allocate or believe it, refuse what is a delta of another file, and open nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/fd.h"
#include "ovfkit/disk/disk_reader.h"

namespace ovfkit {

struct BlockMap {
    static constexpr std::uint64_t kHole = ~std::uint64_t{0};

    DiskFormat format = DiskFormat::raw;
    std::uint64_t capacity_bytes = 0;
    std::uint64_t block_bytes = 0;
    // Where each block is in the file, or kHole: all zeros. Blocks lie within the file, but the
    // last one may be cut where the disk ends.
    std::vector<std::uint64_t> places;
};

// Each throws invalid_input on damage and unsupported on deltas and versions not known.
// VirtualBox VDI 1.1, dynamic and fixed.
BlockMap read_vdi_map(int fd, std::uint64_t file_size, const std::string& name);
// Virtual Hard Disk Image Format Specification 1.0, fixed and dynamic.
BlockMap read_vhd_map(int fd, std::uint64_t file_size, const std::string& name);
// [MS-VHDX] 2, fixed and dynamic; with an empty log.
BlockMap read_vhdx_map(int fd, std::uint64_t file_size, const std::string& name);

std::unique_ptr<DiskReader> open_block_map(base::UniqueFd fd, BlockMap map, std::string name);

}  // namespace ovfkit
