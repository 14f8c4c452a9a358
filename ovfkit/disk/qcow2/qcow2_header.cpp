// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/qcow2/qcow2_header.h"

#include <string_view>

#include <fmt/format.h>

#include "base/error.h"
#include "base/fd.h"
#include "ovfkit/disk/byte_order.h"

namespace ovfkit {

namespace {

constexpr std::size_t kVersion2Bytes = 72;
constexpr std::size_t kVersion3Bytes = 104;
constexpr std::uint64_t kFeatureDirty = 1U << 0U;  // refcounts may be stale: no matter to a reader
constexpr std::uint64_t kFeatureCorrupt = 1U << 1U;
constexpr std::uint64_t kMostL1Entries = (16U << 20U) / 8;
constexpr std::uint64_t kFeatureDataFile = 1U << 2U;
constexpr std::uint64_t kFeatureCompressionType = 1U << 3U;
constexpr std::uint64_t kFeatureExtendedL2 = 1U << 4U;

[[noreturn]] void fail_damaged(const std::string& name, std::string_view what) {
    throw base::Error(base::ErrorKind::invalid_input,
                      fmt::format("qcow2 disk '{}' is damaged: {}", name, what),
                      fmt::format("check it: qemu-img check '{}'", name));
}

[[noreturn]] void reject_qcow2(const std::string& name, std::string_view what) {
    throw base::Error(base::ErrorKind::unsupported, fmt::format("qcow2 disk '{}' {}", name, what),
                      fmt::format("rewrite it: qemu-img convert -O qcow2 '{}' plain.qcow2", name));
}

void check_features(std::span<const std::byte> bytes, const std::string& name) {
    const auto features = load_be<std::uint64_t>(bytes, 72);
    if ((features & kFeatureCorrupt) != 0) {
        fail_damaged(name, "it is marked corrupt");
    }
    if ((features & kFeatureDataFile) != 0) {
        reject_qcow2(name, "keeps its data in another file");
    }
    if ((features & kFeatureExtendedL2) != 0) {
        reject_qcow2(name, "has extended L2 entries");
    }
    if ((features & ~(kFeatureDirty | kFeatureCompressionType)) != 0) {
        reject_qcow2(name, fmt::format("needs unknown features ({:#x})", features));
    }
}

Qcow2Compression compression_of(std::span<const std::byte> bytes, const std::string& name) {
    const auto header_length = load_be<std::uint32_t>(bytes, 100);
    if (header_length < kVersion3Bytes) {
        fail_damaged(name, "its header is too short");
    }
    if (header_length == kVersion3Bytes || bytes.size() <= kVersion3Bytes) {
        return Qcow2Compression::deflate;
    }
    switch (std::to_integer<unsigned>(bytes[kVersion3Bytes])) {
        case 0: return Qcow2Compression::deflate;
        case 1: return Qcow2Compression::zstd;
        default: reject_qcow2(name, "has an unknown compression type");
    }
}

// The L1 table must cover the size and lie inside the file: this bounds every later allocation.
void check_l1(Qcow2Header& header, std::uint64_t stored_entries, std::uint64_t file_size,
              const std::string& name) {
    const std::uint64_t bytes_per_l2 = header.cluster_bytes() * header.entries_per_l2();
    header.l1_entries =
        header.size_bytes / bytes_per_l2 + (header.size_bytes % bytes_per_l2 != 0 ? 1U : 0U);
    if (stored_entries < header.l1_entries) {
        fail_damaged(name, "its L1 table is too small for its size");
    }
    if (header.l1_entries > kMostL1Entries) {
        reject_qcow2(name, "has too large an L1 table");
    }
    if (header.l1_offset % header.cluster_bytes() != 0 || header.l1_offset > file_size ||
        header.l1_entries > (file_size - header.l1_offset) / 8) {
        fail_damaged(name, "its L1 table lies outside the file");
    }
}

}  // namespace

Qcow2Header parse_qcow2_header(std::span<const std::byte> bytes, std::uint64_t file_size,
                               const std::string& name, bool is_clone) {
    if (bytes.size() < kVersion2Bytes || !base::as_text(bytes).starts_with("QFI\xfb")) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("disk '{}' is not a qcow2 image", name));
    }
    Qcow2Header header{.version = load_be<std::uint32_t>(bytes, 4),
                       .cluster_bits = load_be<std::uint32_t>(bytes, 20),
                       .size_bytes = load_be<std::uint64_t>(bytes, 24),
                       .l1_offset = load_be<std::uint64_t>(bytes, 40)};
    if (header.version != 2 && header.version != 3) {
        reject_qcow2(name, fmt::format("is of version {}", header.version));
    }
    if (header.version == 3 && bytes.size() < kVersion3Bytes) {
        fail_damaged(name, "its header is cut off");
    }
    if (header.version == 3) {
        check_features(bytes, name);
        header.compression = compression_of(bytes, name);
    }
    if (load_be<std::uint64_t>(bytes, 8) != 0 && !is_clone) {
        reject_qcow2(name, "has a backing file");
    }
    if (load_be<std::uint32_t>(bytes, 32) != 0) {
        reject_qcow2(name, "is encrypted");
    }
    if (header.cluster_bits < 9 || header.cluster_bits > 21) {
        fail_damaged(name, "its cluster size is out of range");
    }
    if (header.size_bytes > (std::uint64_t{1} << 62U)) {
        fail_damaged(name, "its size is out of range");
    }
    check_l1(header, load_be<std::uint32_t>(bytes, 36), file_size, name);
    return header;
}

}  // namespace ovfkit
