// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/fd.h"
#include "ovfkit/disk/blockmap/block_map_checks.h"
#include "ovfkit/disk/byte_order.h"
#include "ovfkit/disk/zero_test.h"

namespace ovfkit {

namespace {

using Guid = std::array<unsigned char, 16>;

// [MS-VHDX] 2.2.3.2, 2.6.2, as they stand in the file.
constexpr Guid kBatRegion{0x66, 0x77, 0xc2, 0x2d, 0x23, 0xf6, 0x00, 0x42,
                          0x9d, 0x64, 0x11, 0x5e, 0x9b, 0xfd, 0x4a, 0x08};
constexpr Guid kMetadataRegion{0x06, 0xa2, 0x7c, 0x8b, 0x90, 0x47, 0x9a, 0x4b,
                               0xb8, 0xfe, 0x57, 0x5f, 0x05, 0x0f, 0x88, 0x6e};
constexpr Guid kFileParameters{0x37, 0x67, 0xa1, 0xca, 0x36, 0xfa, 0x43, 0x4d,
                               0xb3, 0xb6, 0x33, 0xf0, 0xaa, 0x44, 0xe7, 0x6b};
constexpr Guid kVirtualDiskSize{0x24, 0x42, 0xa5, 0x2f, 0x1b, 0xcd, 0x76, 0x48,
                                0xb2, 0x11, 0x5d, 0xbe, 0xd8, 0x3b, 0xf4, 0xb8};
constexpr Guid kLogicalSectorSize{0x1d, 0xbf, 0x41, 0x81, 0x6f, 0xa9, 0x09, 0x47,
                                  0xba, 0x47, 0xf2, 0x33, 0xa8, 0xfa, 0xab, 0x5f};

constexpr std::uint64_t kRegionTableBytes = 64 * base::kKiB;
constexpr std::size_t kMostEntries = 2047;
constexpr std::uint32_t kHasParent = 2;
constexpr std::uint64_t kStateMask = 7;
constexpr std::uint64_t kFullyPresent = 6;
constexpr std::uint64_t kPartlyPresent = 7;

bool is_guid(std::span<const std::byte> bytes, std::size_t at, const Guid& guid) {
    return std::equal(guid.begin(), guid.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at),
                      [](unsigned char a, std::byte b) { return std::byte{a} == b; });
}

// CRC-32C of the bytes with the four at offset 4 taken as zeros. [MS-VHDX] 2.2.2
bool checksum_fits(std::span<const std::byte> bytes) {
    std::uint32_t crc = ~std::uint32_t{0};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        crc ^= i >= 4 && i < 8 ? 0U : std::to_integer<std::uint32_t>(bytes[i]);
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0x82f63b78U : 0U);
        }
    }
    return ~crc == load_le<std::uint32_t>(bytes, 4);
}

// The newer one of the two headers that are whole.
std::vector<std::byte> read_header(const BlockMapFile& file) {
    std::vector<std::byte> newest;
    for (const std::uint64_t offset : {64 * base::kKiB, 128 * base::kKiB}) {
        auto header = file.read(offset, 4096);
        if (base::as_text(header).starts_with("head") && checksum_fits(header) &&
            (newest.empty() ||
             load_le<std::uint64_t>(header, 8) > load_le<std::uint64_t>(newest, 8))) {
            newest = std::move(header);
        }
    }
    if (newest.empty()) {
        file.fail_damaged("neither of its headers is whole");
    }
    if (load_le<std::uint16_t>(newest, 66) != 1) {
        file.fail_unsupported("is of an unknown version");
    }
    if (!is_all_zero(std::span(newest).subspan(48, 16))) {
        file.fail_unsupported("has changes in its log that were never written to the disk");
    }
    return newest;
}

std::vector<std::byte> read_region_table(const BlockMapFile& file) {
    for (const std::uint64_t offset : {192 * base::kKiB, 256 * base::kKiB}) {
        auto table = file.read(offset, kRegionTableBytes);
        if (base::as_text(table).starts_with("regi") && checksum_fits(table)) {
            return table;
        }
    }
    file.fail_damaged("neither of its region tables is whole");
}

DataRange find_region(const BlockMapFile& file, std::span<const std::byte> table,
                      const Guid& guid) {
    const std::size_t count = std::min<std::size_t>(load_le<std::uint32_t>(table, 8), kMostEntries);
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t at = 16 + i * 32;
        if (is_guid(table, at, guid)) {
            return {load_le<std::uint64_t>(table, at + 16), load_le<std::uint32_t>(table, at + 24)};
        }
    }
    file.fail_damaged("a region is missing");
}

// The value of a metadata item, `bytes` long.
std::vector<std::byte> read_item(const BlockMapFile& file, const DataRange& region,
                                 const Guid& guid, std::uint64_t bytes) {
    const auto table = file.read(region.offset, kRegionTableBytes);
    const std::size_t count =
        std::min<std::size_t>(load_le<std::uint16_t>(table, 10), kMostEntries);
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t at = 32 + i * 32;
        if (is_guid(table, at, guid)) {
            return file.read(region.offset + load_le<std::uint32_t>(table, at + 16), bytes);
        }
    }
    file.fail_damaged("an item of its metadata is missing");
}

}  // namespace

BlockMap read_vhdx_map(int fd, std::uint64_t file_size, const std::string& name) {
    const BlockMapFile file(fd, file_size, name, "VHDX");
    if (!base::as_text(file.read(0, 8)).starts_with("vhdxfile")) {
        file.fail_damaged("it does not begin as one");
    }
    read_header(file);
    const auto regions = read_region_table(file);
    const DataRange metadata = find_region(file, regions, kMetadataRegion);
    const auto parameters = read_item(file, metadata, kFileParameters, 8);
    if ((load_le<std::uint32_t>(parameters, 4) & kHasParent) != 0) {
        file.fail_unsupported("is a delta of another disk");
    }
    const auto size = read_item(file, metadata, kVirtualDiskSize, 8);
    const auto sector = read_item(file, metadata, kLogicalSectorSize, 4);
    BlockMap map{.format = DiskFormat::vhdx,
                 .capacity_bytes = load_le<std::uint64_t>(size),
                 .block_bytes = load_le<std::uint32_t>(parameters)};
    const std::uint64_t blocks = file.check_geometry(map.capacity_bytes, map.block_bytes);
    const auto sector_bytes = load_le<std::uint32_t>(sector);
    if ((sector_bytes != 512 && sector_bytes != 4096) || map.block_bytes < base::kMiB) {
        file.fail_damaged("its sector or block size");
    }
    // After so many blocks the table has an entry for their sector bitmap. [MS-VHDX] 2.5
    const std::uint64_t ratio = (std::uint64_t{sector_bytes} << 23U) / map.block_bytes;
    const DataRange bat = find_region(file, regions, kBatRegion);
    const std::uint64_t entries = blocks + (blocks - 1) / ratio;
    if (entries * 8 > bat.length) {
        file.fail_damaged("its block allocation table is too short");
    }
    const auto table = file.read(bat.offset, entries * 8);
    map.places.resize(blocks, BlockMap::kHole);
    for (std::uint64_t i = 0; i < blocks; ++i) {
        const auto entry = load_le<std::uint64_t>(table, (i + i / ratio) * 8);
        if ((entry & kStateMask) == kPartlyPresent) {
            file.fail_unsupported("is a delta of another disk");
        }
        if ((entry & kStateMask) == kFullyPresent) {
            map.places[i] = entry / base::kMiB * base::kMiB;
            file.check_place(map, i, map.places[i]);
        }
    }
    return map;
}

}  // namespace ovfkit
