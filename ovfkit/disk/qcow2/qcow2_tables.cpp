// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/qcow2/qcow2_tables.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "base/error.h"
#include "base/fd.h"
#include "ovfkit/disk/byte_order.h"

namespace ovfkit {

namespace {

constexpr std::uint64_t kOffsetMask = 0x00fffffffffffe00ULL;
constexpr std::uint64_t kCompressedFlag = 1ULL << 62U;
constexpr std::uint64_t kZeroFlag = 1;  // version 3
constexpr std::uint64_t kCacheBytes = 4U << 20U;

[[noreturn]] void fail_damaged(const std::string& name, std::string_view what,
                               std::uint64_t offset) {
    throw base::Error(base::ErrorKind::invalid_input,
                      fmt::format("qcow2 disk '{}' is damaged: {} at byte {} lies outside the file",
                                  name, what, offset),
                      fmt::format("check it: qemu-img check '{}'", name));
}

}  // namespace

Qcow2Tables::Qcow2Tables(int fd, std::uint64_t file_size, const std::string& name,
                         const Qcow2Header& header)
    : fd_(fd),
      file_size_(file_size),
      name_(name),
      header_(header),
      l1_(read_table(header.l1_offset, header.l1_entries, "the L1 table")) {
}

Qcow2Tables::Table Qcow2Tables::read_table(std::uint64_t offset, std::uint64_t entries,
                                           const char* what) const {
    if (offset % header_.cluster_bytes() != 0 || offset > file_size_ ||
        entries > (file_size_ - offset) / 8) {
        fail_damaged(name_, what, offset);
    }
    std::vector<std::byte> bytes(entries * 8);
    base::pread_exactly(fd_, bytes, offset, name_);
    Table table(entries);
    for (std::size_t i = 0; i < entries; ++i) {
        table[i] = load_be<std::uint64_t>(bytes, i * 8);
    }
    return table;
}

std::shared_ptr<const Qcow2Tables::Table> Qcow2Tables::l2_table(std::uint64_t offset) {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(cache_.begin(), cache_.end(),
                                    [&](const auto& item) { return item.first == offset; });
    if (found != cache_.end()) {
        return found->second;
    }
    auto table =
        std::make_shared<const Table>(read_table(offset, header_.entries_per_l2(), "an L2 table"));
    cache_.emplace_front(offset, table);
    const std::uint64_t most =
        std::clamp<std::uint64_t>(kCacheBytes / header_.cluster_bytes(), 4, 64);
    if (cache_.size() > most) {
        cache_.pop_back();
    }
    return table;
}

std::uint64_t Qcow2Tables::end_of_unmapped_l2(std::uint64_t guest_offset) const {
    const std::uint64_t bytes_per_l2 = header_.cluster_bytes() * header_.entries_per_l2();
    std::uint64_t index = guest_offset / bytes_per_l2;
    if (index >= l1_.size() || (l1_[index] & kOffsetMask) != 0) {
        return guest_offset;
    }
    while (index < l1_.size() && (l1_[index] & kOffsetMask) == 0) {
        ++index;
    }
    return index * bytes_per_l2;
}

Qcow2Cluster Qcow2Tables::find_cluster(std::uint64_t guest_offset) {
    const std::uint64_t cluster = guest_offset / header_.cluster_bytes();
    const std::uint64_t l2_offset = l1_[cluster / header_.entries_per_l2()] & kOffsetMask;
    if (l2_offset == 0) {
        return {};
    }
    return parse_entry((*l2_table(l2_offset))[cluster % header_.entries_per_l2()]);
}

Qcow2Cluster Qcow2Tables::parse_entry(std::uint64_t entry) const {
    if ((entry & kCompressedFlag) != 0) {
        // The width of the offset depends on the cluster size; what is above counts sectors.
        const unsigned offset_bits = 62 - (header_.cluster_bits - 8);
        const std::uint64_t offset = entry & ((1ULL << offset_bits) - 1);
        const std::uint64_t sectors = ((entry & (kCompressedFlag - 1)) >> offset_bits) + 1;
        if (offset >= file_size_) {
            fail_damaged(name_, "a compressed cluster", offset);
        }
        const std::uint64_t length = sectors * 512 - offset % 512;
        return {Qcow2ClusterKind::compressed, offset, std::min(length, file_size_ - offset)};
    }
    const std::uint64_t offset = entry & kOffsetMask;
    if (header_.version >= 3 && (entry & kZeroFlag) != 0) {
        return {Qcow2ClusterKind::zero, 0, 0};
    }
    if (offset == 0) {
        return {};
    }
    if (offset >= file_size_ || offset % header_.cluster_bytes() != 0) {
        fail_damaged(name_, "a cluster", offset);
    }
    return {Qcow2ClusterKind::plain, offset, 0};
}

}  // namespace ovfkit
