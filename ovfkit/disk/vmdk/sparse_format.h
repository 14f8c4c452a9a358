// SPDX-License-Identifier: Apache-2.0
// The bytes of a streamOptimized VMDK: sparse extent header and markers (VMware Virtual Disk Format
// 5.0, "Hosted Sparse Extents" and "Stream-Optimized Compressed Sparse Extents"). All integers are
// little-endian; offsets count sectors of 512 bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace ovfkit::vmdk {

inline constexpr std::uint64_t kSector = 512;
// Of the embedded descriptor: more is not read.
inline constexpr std::uint64_t kMostDescriptorSectors = (1U << 20U) / kSector;
inline constexpr std::uint64_t kDirectoryAtEnd = ~std::uint64_t{0};  // GD_AT_END
inline constexpr std::uint32_t kFlagNewlines = 1U << 0U;
inline constexpr std::uint32_t kFlagZeroGrains = 1U << 2U;
inline constexpr std::uint32_t kFlagCompressed = 1U << 16U;
inline constexpr std::uint32_t kFlagMarkers = 1U << 17U;

using SectorBytes = std::array<std::byte, kSector>;

struct SparseHeader {
    std::uint32_t version = 3;
    std::uint32_t flags = kFlagNewlines | kFlagCompressed | kFlagMarkers;
    std::uint64_t capacity_sectors = 0;
    std::uint64_t grain_sectors = 128;
    std::uint64_t descriptor_sector = 1;
    std::uint64_t descriptor_sectors = 20;
    std::uint32_t entries_per_table = 512;
    std::uint64_t directory_sector = kDirectoryAtEnd;
    std::uint64_t overhead_sectors = 128;

    std::uint64_t grain_bytes() const { return grain_sectors * kSector; }
    std::uint64_t capacity_bytes() const { return capacity_sectors * kSector; }
    std::uint64_t grains() const {
        return capacity_sectors / grain_sectors + (capacity_sectors % grain_sectors != 0 ? 1U : 0U);
    }
    std::uint64_t tables() const { return (grains() + entries_per_table - 1) / entries_per_table; }
    std::uint64_t table_sectors() const {
        return (std::uint64_t{entries_per_table} * 4 + kSector - 1) / kSector;
    }
    std::uint64_t directory_sectors() const { return (tables() * 4 + kSector - 1) / kSector; }
};

SectorBytes make_header(const SparseHeader& header);

// `bytes` is the first sector. Throws invalid_input on damage and unsupported, with the command
// that converts, on every VMDK that is not one self-contained streamOptimized extent.
SparseHeader parse_header(std::span<const std::byte> bytes, const std::string& name,
                          std::uint64_t max_capacity_bytes);

enum class MarkerType : std::uint32_t {
    end_of_stream = 0,
    grain_table = 1,
    grain_directory = 2,
    footer = 3,
};

// The same for any sparse extent of the user's own, compressed or not: its other checks only.
SparseHeader parse_sparse_header(std::span<const std::byte> bytes, const std::string& name,
                                 std::uint64_t max_capacity_bytes);

// A metadata marker: `sectors` of payload follow the sector it fills.
SectorBytes make_marker(MarkerType type, std::uint64_t sectors);

// A grain marker is 12 bytes, its data follow at once, the whole padded to sectors.
inline constexpr std::size_t kGrainMarkerBytes = 12;

}  // namespace ovfkit::vmdk
