// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "ovfkit/disk/blockmap/block_map_checks.h"
#include "ovfkit/disk/byte_order.h"
#include "ovfkit/disk/zero_test.h"

namespace ovfkit {

namespace {

constexpr std::uint32_t kMagic = 0xbeda107f;
constexpr std::uint32_t kVersion = 0x00010001;
constexpr std::uint32_t kVdiDynamic = 1;
constexpr std::uint32_t kVdiFixed = 2;
constexpr std::uint32_t kFirstUnallocated = 0xfffffffe;  // zeros; the next: never written

}  // namespace

BlockMap read_vdi_map(int fd, std::uint64_t file_size, const std::string& name) {
    const BlockMapFile file(fd, file_size, name, "VDI");
    const auto header = file.read(0, 512);
    if (load_le<std::uint32_t>(header, 0x40) != kMagic) {
        file.fail_damaged("it does not begin as one");
    }
    if (const auto version = load_le<std::uint32_t>(header, 0x44); version != kVersion) {
        file.fail_unsupported(fmt::format("is of version {:#x}", version));
    }
    const auto type = load_le<std::uint32_t>(header, 0x4c);
    if ((type != kVdiDynamic && type != kVdiFixed) ||
        !is_all_zero(std::span(header).subspan(0x1a8, 16))) {  // UUID of its parent
        file.fail_unsupported("is a snapshot of another disk");
    }
    BlockMap map{.format = DiskFormat::vdi,
                 .capacity_bytes = load_le<std::uint64_t>(header, 0x170),
                 .block_bytes = load_le<std::uint32_t>(header, 0x178)};
    const std::uint64_t blocks = file.check_geometry(map.capacity_bytes, map.block_bytes);
    const std::uint64_t extra = load_le<std::uint32_t>(header, 0x17c);
    if (extra != 0) {
        file.fail_unsupported("has additional data in its blocks");
    }
    if (load_le<std::uint32_t>(header, 0x180) < blocks) {
        file.fail_damaged("its map is too short");
    }
    const auto entries = file.read(load_le<std::uint32_t>(header, 0x154), blocks * 4);
    const std::uint64_t data = load_le<std::uint32_t>(header, 0x158);
    map.places.resize(blocks, BlockMap::kHole);
    for (std::uint64_t i = 0; i < blocks; ++i) {
        const auto entry = load_le<std::uint32_t>(entries, i * 4);
        if (entry < kFirstUnallocated) {
            map.places[i] = data + entry * map.block_bytes;
            file.check_place(map, i, map.places[i]);
        }
    }
    return map;
}

}  // namespace ovfkit
