// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/fd.h"
#include "ovfkit/disk/blockmap/block_map_checks.h"
#include "ovfkit/disk/byte_order.h"

namespace ovfkit {

namespace {

constexpr std::uint64_t kVhdFooterBytes = 512;
constexpr std::uint64_t kHeaderBytes = 1024;
constexpr std::uint32_t kVhdFixed = 2;
constexpr std::uint32_t kVhdDynamic = 3;
constexpr std::uint32_t kUnallocated = 0xffffffff;
constexpr std::uint64_t kFixedBlockBytes = 256 * base::kMiB;

// The complement of the sum of all bytes but the checksum itself.
bool checksum_fits(std::span<const std::byte> bytes, std::size_t at) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        sum += i >= at && i < at + 4 ? 0U : std::to_integer<std::uint32_t>(bytes[i]);
    }
    return ~sum == load_be<std::uint32_t>(bytes, at);
}

std::vector<std::byte> read_footer(const BlockMapFile& file) {
    if (file.size() < kVhdFooterBytes) {
        file.fail_damaged("it ends within its footer");
    }
    auto footer = file.read(file.size() - kVhdFooterBytes, kVhdFooterBytes);
    if (!base::as_text(footer).starts_with("conectix")) {
        file.fail_damaged("it ends without a footer");
    }
    if (!checksum_fits(footer, 64)) {
        file.fail_damaged("the checksum of its footer");
    }
    if (load_be<std::uint32_t>(footer, 12) >> 16U != 1) {
        file.fail_unsupported("is of an unknown version");
    }
    return footer;
}

// Blocks in a row from the start of the file on: what a fixed disk is.
void map_fixed(const BlockMapFile& file, BlockMap& map) {
    map.block_bytes = kFixedBlockBytes;
    const std::uint64_t blocks = file.check_geometry(map.capacity_bytes, map.block_bytes);
    if (map.capacity_bytes > file.size() - kVhdFooterBytes) {
        file.fail_damaged("it is shorter than its size");
    }
    for (std::uint64_t i = 0; i < blocks; ++i) {
        map.places.push_back(i * map.block_bytes);
    }
}

void map_dynamic(const BlockMapFile& file, std::uint64_t header_offset, BlockMap& map) {
    const auto header = file.read(header_offset, kHeaderBytes);
    if (!base::as_text(header).starts_with("cxsparse") || !checksum_fits(header, 36)) {
        file.fail_damaged("its dynamic header");
    }
    map.block_bytes = load_be<std::uint32_t>(header, 32);
    const std::uint64_t blocks = file.check_geometry(map.capacity_bytes, map.block_bytes);
    if (load_be<std::uint32_t>(header, 28) < blocks) {
        file.fail_damaged("its block allocation table is too short");
    }
    const auto table = file.read(load_be<std::uint64_t>(header, 16), blocks * 4);
    const std::uint64_t bitmap_bytes = round_up(map.block_bytes / 512 / 8, 512);
    map.places.resize(blocks, BlockMap::kHole);
    for (std::uint64_t i = 0; i < blocks; ++i) {
        const auto sector = load_be<std::uint32_t>(table, i * 4);
        if (sector != kUnallocated) {
            map.places[i] = std::uint64_t{sector} * 512 + bitmap_bytes;
            file.check_place(map, i, map.places[i]);
        }
    }
}

}  // namespace

BlockMap read_vhd_map(int fd, std::uint64_t file_size, const std::string& name) {
    const BlockMapFile file(fd, file_size, name, "VHD");
    const auto footer = read_footer(file);
    BlockMap map{.format = DiskFormat::vpc, .capacity_bytes = load_be<std::uint64_t>(footer, 48)};
    const auto type = load_be<std::uint32_t>(footer, 60);
    if (type == kVhdDynamic) {
        map_dynamic(file, load_be<std::uint64_t>(footer, 16), map);
    } else if (type == kVhdFixed) {
        map_fixed(file, map);
    } else {
        file.fail_unsupported("is a differencing disk or of an unknown type");
    }
    return map;
}

}  // namespace ovfkit
