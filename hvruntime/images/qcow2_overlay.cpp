// SPDX-License-Identifier: Apache-2.0
// Layout (QEMU docs/interop/qcow2.txt), one 64 KiB cluster each: header, refcount table, refcount
// block, then the L1 table. The L1 table of even a 64 TiB disk has 1 MiB, so one refcount block
// (32768 entries of 16 bits) always covers the new file.
#include "hvruntime/images/qcow2_overlay.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <string>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"

namespace hvruntime {

namespace {

constexpr std::uint64_t kClusterBits = 16;
constexpr std::uint64_t kCluster = 1U << kClusterBits;
constexpr std::uint64_t kEntriesPerL2 = kCluster / 8;
constexpr std::uint64_t kBytesPerL2 = kEntriesPerL2 * kCluster;  // 512 MiB
constexpr std::uint64_t kCapacityLimit = std::uint64_t{64} << 40U;
constexpr std::uint32_t kBackingFormatExtension = 0xe2792aca;
constexpr std::uint32_t kHeaderLength = 104;

void put32(std::string& out, std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) {
        out += static_cast<char>((value >> static_cast<unsigned>(shift)) & 0xffU);
    }
}

void put64(std::string& out, std::uint64_t value) {
    put32(out, static_cast<std::uint32_t>(value >> 32U));
    put32(out, static_cast<std::uint32_t>(value));
}

std::string header_of(const std::string& backing, std::uint64_t capacity,
                      std::uint64_t l1_entries) {
    // The extension (if any) and the end mark stand between header and backing file name.
    const std::uint64_t name_offset = kHeaderLength + (backing.empty() ? 8U : 24U);
    std::string out;
    put32(out, 0x514649fb);  // "QFI\xfb"
    put32(out, 3);
    put64(out, backing.empty() ? 0 : name_offset);
    put32(out, static_cast<std::uint32_t>(backing.size()));
    put32(out, kClusterBits);
    put64(out, capacity);
    put32(out, 0);  // no encryption
    put32(out, static_cast<std::uint32_t>(l1_entries));
    put64(out, 3 * kCluster);  // L1 table
    put64(out, 1 * kCluster);  // refcount table
    put32(out, 1);             // clusters of it
    put32(out, 0);             // snapshots
    put64(out, 0);
    put64(out, 0);  // incompatible features
    put64(out, 0);  // compatible
    put64(out, 0);  // autoclear
    put32(out, 4);  // refcounts of 2^4 bits
    put32(out, kHeaderLength);
    if (!backing.empty()) {
        put32(out, kBackingFormatExtension);
        put32(out, 3);
        out += "raw";
        out.append(5, '\0');  // extensions are padded to 8 bytes
    }
    put64(out, 0);  // end of extensions
    return out + backing;
}

std::string refcount_block(std::uint64_t clusters) {
    std::string out;
    for (std::uint64_t i = 0; i < clusters; ++i) {
        out += '\0';
        out += '\1';
    }
    return out;
}

std::uint64_t capacity_of(const OverlayOptions& options) {
    std::uint64_t capacity = options.capacity_bytes;
    if (!options.base.empty()) {
        struct stat info {};
        if (::stat(options.base.c_str(), &info) != 0) {
            throw base::SystemError(errno, fmt::format("base disk '{}'", options.base.string()));
        }
        if (!S_ISREG(info.st_mode)) {
            throw base::Error(
                base::ErrorKind::invalid_input,
                fmt::format("base disk '{}' is not a regular file", options.base.string()));
        }
        const auto base_size = static_cast<std::uint64_t>(info.st_size);
        capacity = capacity == 0 ? base_size : capacity;
        if (capacity < base_size) {
            throw base::Error(base::ErrorKind::invalid_input,
                              fmt::format("a clone of {} is smaller than its base '{}' of {}",
                                          base::format_byte_size(capacity), options.base.string(),
                                          base::format_byte_size(base_size)));
        }
    }
    if (capacity == 0 || capacity % 512 != 0 || capacity > kCapacityLimit) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("a disk of {} bytes is not possible (multiples of 512, at "
                                      "most 64 TiB)",
                                      capacity));
    }
    return capacity;
}

}  // namespace

std::uint64_t create_overlay(const std::filesystem::path& path, const OverlayOptions& options) {
    const std::uint64_t capacity = capacity_of(options);
    const std::uint64_t l1_entries = (capacity + kBytesPerL2 - 1) / kBytesPerL2;
    const std::uint64_t l1_clusters = (l1_entries * 8 + kCluster - 1) / kCluster;
    const std::string backing = options.base.string();
    if (backing.size() > 1023) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("the path of base disk '{}' has more than 1023 bytes, which "
                                      "a qcow2 cannot name",
                                      backing));
    }
    const std::string name = path.string();
    const base::UniqueFd fd = base::open_file(name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    base::ScopeExit remove_half_made([&] { ::unlink(name.c_str()); });
    base::pwrite_all(fd.get(), base::as_bytes(header_of(backing, capacity, l1_entries)), 0, name);
    std::string refcount_table;
    put64(refcount_table, 2 * kCluster);
    base::pwrite_all(fd.get(), base::as_bytes(refcount_table), kCluster, name);
    base::pwrite_all(fd.get(), base::as_bytes(refcount_block(3 + l1_clusters)), 2 * kCluster, name);
    // The L1 table is all zeros: a hole up to the end of its last cluster.
    if (::ftruncate(fd.get(), static_cast<off_t>((3 + l1_clusters) * kCluster)) != 0) {
        throw base::SystemError(errno, fmt::format("cannot extend '{}'", name));
    }
    remove_half_made.dismiss();
    return capacity;
}

}  // namespace hvruntime
