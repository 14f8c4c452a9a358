// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/vmdk/sparse_format.h"

#include <bit>
#include <string_view>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/fd.h"
#include "ovfkit/disk/byte_order.h"

namespace ovfkit::vmdk {

namespace {

constexpr std::uint32_t kMagic = 0x564d444b;  // "KDMV"
constexpr std::string_view kNewlines = "\n \r\n";
constexpr std::uint16_t kDeflate = 1;
constexpr std::uint64_t kMostOverheadSectors = 256 * base::kMiB / kSector;

[[noreturn]] void fail_damaged(const std::string& name, std::string_view what) {
    throw base::Error(base::ErrorKind::invalid_input,
                      fmt::format("VMDK '{}' is damaged: {}", name, what));
}

[[noreturn]] void fail_unsupported(const std::string& name, std::string_view what) {
    throw base::Error(
        base::ErrorKind::unsupported,
        fmt::format("VMDK '{}' {}; only streamOptimized is accepted", name, what),
        "convert it: qemu-img convert -O vmdk -o subformat=streamOptimized OLD.vmdk NEW.vmdk");
}

void check_kind(std::span<const std::byte> bytes, const std::string& name) {
    const std::string_view text = base::as_text(bytes);
    if (text.starts_with("# Disk DescriptorFile")) {
        fail_unsupported(name, "is a descriptor that names other files");
    }
    if (text.starts_with("COWD")) {
        fail_unsupported(name, "is an ESX sparse extent");
    }
    if (bytes.size() < kSector && std::string_view("KDMV").starts_with(text.substr(0, 4))) {
        fail_damaged(name, "it ends within its header");
    }
    if (bytes.size() < kSector || load_le<std::uint32_t>(bytes, 0) != kMagic) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("disk '{}' is not a VMDK", name),
                          "the descriptor declares it as one");
    }
}

void check_flags(const SparseHeader& header, std::span<const std::byte> bytes,
                 const std::string& name) {
    if (header.version < 1 || header.version > 3) {
        fail_unsupported(name, fmt::format("is of version {}", header.version));
    }
    if ((header.flags & kFlagNewlines) != 0 && base::as_text(bytes).substr(73, 4) != kNewlines) {
        fail_damaged(name, "line ends were changed in transfer");
    }
    if ((header.flags & kFlagCompressed) != 0 && load_le<std::uint16_t>(bytes, 77) != kDeflate) {
        fail_unsupported(name, "has an unknown compression");
    }
}

void check_geometry(const SparseHeader& header, const std::string& name,
                    std::uint64_t max_capacity_bytes) {
    if (header.grain_sectors < 8 || header.grain_sectors > 4096 ||
        !std::has_single_bit(header.grain_sectors)) {
        fail_damaged(name, fmt::format("its grain size of {} sectors", header.grain_sectors));
    }
    if (header.entries_per_table == 0 || header.entries_per_table > 512) {
        fail_damaged(name, fmt::format("its {} entries per table", header.entries_per_table));
    }
    if (header.capacity_sectors > max_capacity_bytes / kSector) {
        throw base::Error(
            base::ErrorKind::unsupported,
            fmt::format("VMDK '{}' has a capacity of {} sectors, more than the limit "
                        "of {}",
                        name, header.capacity_sectors, base::format_byte_size(max_capacity_bytes)));
    }
    if (header.overhead_sectors == 0 || header.overhead_sectors > kMostOverheadSectors) {
        fail_damaged(name, fmt::format("its overhead of {} sectors", header.overhead_sectors));
    }
    if (header.directory_sector == 0) {
        fail_damaged(name, "it has no grain directory");
    }
}

}  // namespace

SectorBytes make_header(const SparseHeader& header) {
    SectorBytes bytes{};
    store_le(bytes, 0, kMagic);
    store_le(bytes, 4, header.version);
    store_le(bytes, 8, header.flags);
    store_le(bytes, 12, header.capacity_sectors);
    store_le(bytes, 20, header.grain_sectors);
    store_le(bytes, 28, header.descriptor_sector);
    store_le(bytes, 36, header.descriptor_sectors);
    store_le(bytes, 44, header.entries_per_table);
    store_le(bytes, 56, header.directory_sector);
    store_le(bytes, 64, header.overhead_sectors);
    for (std::size_t i = 0; i < kNewlines.size(); ++i) {
        bytes[73 + i] = static_cast<std::byte>(kNewlines[i]);
    }
    store_le(bytes, 77, kDeflate);
    return bytes;
}

SparseHeader parse_sparse_header(std::span<const std::byte> bytes, const std::string& name,
                                 std::uint64_t max_capacity_bytes) {
    check_kind(bytes, name);
    const SparseHeader header{.version = load_le<std::uint32_t>(bytes, 4),
                              .flags = load_le<std::uint32_t>(bytes, 8),
                              .capacity_sectors = load_le<std::uint64_t>(bytes, 12),
                              .grain_sectors = load_le<std::uint64_t>(bytes, 20),
                              .descriptor_sector = load_le<std::uint64_t>(bytes, 28),
                              .descriptor_sectors = load_le<std::uint64_t>(bytes, 36),
                              .entries_per_table = load_le<std::uint32_t>(bytes, 44),
                              .directory_sector = load_le<std::uint64_t>(bytes, 56),
                              .overhead_sectors = load_le<std::uint64_t>(bytes, 64)};
    check_flags(header, bytes, name);
    check_geometry(header, name, max_capacity_bytes);
    return header;
}

SparseHeader parse_header(std::span<const std::byte> bytes, const std::string& name,
                          std::uint64_t max_capacity_bytes) {
    check_kind(bytes, name);
    const auto flags = load_le<std::uint32_t>(bytes, 8);
    if ((flags & kFlagCompressed) == 0 || (flags & kFlagMarkers) == 0) {
        fail_unsupported(name, "is a plain sparse extent");
    }
    return parse_sparse_header(bytes, name, max_capacity_bytes);
}

SectorBytes make_marker(MarkerType type, std::uint64_t sectors) {
    SectorBytes bytes{};
    store_le(bytes, 0, sectors);
    store_le(bytes, 12, static_cast<std::uint32_t>(type));
    return bytes;
}

}  // namespace ovfkit::vmdk
