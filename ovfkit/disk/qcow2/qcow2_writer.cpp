// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/qcow2/qcow2_writer.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "ovfkit/disk/byte_order.h"

namespace ovfkit {

namespace {

constexpr std::uint64_t kEntriesPerL2 = Qcow2Writer::kClusterBytes / 8;
constexpr std::uint64_t kRefcountsPerBlock = Qcow2Writer::kClusterBytes / 2;
constexpr std::uint64_t kCopied = std::uint64_t{1} << 63U;  // refcount is exactly 1
constexpr std::uint64_t kCompressed = std::uint64_t{1} << 62U;
constexpr unsigned kCompressedSizeShift = 62 - (Qcow2Writer::kClusterBits - 8);
constexpr std::uint64_t kSectorBytes = 512;
constexpr std::uint64_t kPackedClusters = 16;  // space is taken for so many at a time
constexpr std::size_t kL2TablesInMemory = 48;  // 24 GiB of the disk
constexpr std::size_t kRefcountBlocksInMemory = 8;
constexpr std::uint32_t kHeaderBytes = 112;
constexpr std::uint64_t kOtherCompression = std::uint64_t{1} << 3U;  // an incompatible feature
// Of so few bytes no cluster can be made, neither by deflate nor by zstd.
constexpr std::size_t kSmallestCompressed = 10;

// Clusters that hold so many bytes; also: L2 tables that hold so many bytes of entries.
constexpr std::uint64_t clusters_for(std::uint64_t bytes) {
    return round_up(bytes, Qcow2Writer::kClusterBytes) / Qcow2Writer::kClusterBytes;
}

}  // namespace

Qcow2Writer::Qcow2Writer(int fd, std::string name, Compression compression)
    : file_(fd, std::move(name)),
      compression_(compression),
      refcounts_(file_, kClusterBytes, kRefcountBlocksInMemory,
                 [this] {
                     uncounted_.push_back(take_space(1) / kClusterBytes);
                     return uncounted_.back() * kClusterBytes;
                 }),
      l2_(file_, kClusterBytes, kL2TablesInMemory, [this] { return allocate(1); }) {
}

std::uint64_t Qcow2Writer::take_space(std::uint64_t clusters) {
    return std::exchange(end_, end_ + clusters * kClusterBytes);
}

std::uint64_t Qcow2Writer::allocate(std::uint64_t clusters) {
    const std::uint64_t offset = take_space(clusters);
    for (std::uint64_t i = 0; i < clusters; ++i) {
        count_reference(offset / kClusterBytes + i);
    }
    return offset;
}

void Qcow2Writer::count_reference(std::uint64_t host_cluster) {
    const auto block = refcounts_.for_change(host_cluster / kRefcountsPerBlock);
    const std::size_t at = host_cluster % kRefcountsPerBlock * 2;
    const auto count = load_be<std::uint16_t>(block, at);
    assert(count < 0xffff);  // kSmallestCompressed keeps it far below
    store_be(block, at, static_cast<std::uint16_t>(count + 1));
    if (!uncounted_.empty()) {  // a block that was made for this one
        const std::uint64_t made = uncounted_.back();
        uncounted_.pop_back();
        count_reference(made);
    }
}

std::uint64_t Qcow2Writer::mapping(std::uint64_t cluster) {
    const auto table = l2_.find(cluster / kEntriesPerL2);
    return table.empty() ? 0 : load_be<std::uint64_t>(table, cluster % kEntriesPerL2 * 8);
}

void Qcow2Writer::map(std::uint64_t cluster, std::uint64_t entry) {
    store_be(l2_.for_change(cluster / kEntriesPerL2), cluster % kEntriesPerL2 * 8, entry);
}

void Qcow2Writer::set_capacity(std::uint64_t bytes) {
    capacity_bytes_ = bytes;
}

void Qcow2Writer::reserve(std::uint64_t offset, std::uint64_t length) {
    const std::lock_guard lock(mutex_);
    for (std::uint64_t cluster = offset / kClusterBytes; cluster * kClusterBytes < offset + length;
         ++cluster) {
        if (mapping(cluster) == 0) {
            map(cluster, allocate(1) | kCopied);
        }
    }
}

void Qcow2Writer::write_at(std::uint64_t offset, std::span<const std::byte> data) {
    while (!data.empty()) {
        // As many clusters in a row as lie in a row in the file.
        std::uint64_t place = 0;
        std::uint64_t count = kClusterBytes - offset % kClusterBytes;
        {
            const std::lock_guard lock(mutex_);
            place = mapping(offset / kClusterBytes) & ~kCopied;
            assert(place != 0 && (place & kCompressed) == 0);
            place += offset % kClusterBytes;
            while (count < data.size() &&
                   (mapping((offset + count) / kClusterBytes) & ~kCopied) == place + count) {
                count += kClusterBytes;
            }
        }
        const auto part = data.first(std::min<std::uint64_t>(count, data.size()));
        file_.write_at(place, part);
        offset += part.size();
        data = data.subspan(part.size());
    }
}

void Qcow2Writer::flush_packed() {
    file_.write_at(packed_offset_, packed_);
    packed_offset_ += packed_.size();
    packed_.clear();
}

void Qcow2Writer::add_compressed(std::uint64_t cluster, std::span<const std::byte> compressed) {
    assert(compressed.size() >= kSmallestCompressed && compressed.size() < kClusterBytes);
    const std::lock_guard lock(mutex_);
    l2_.for_change(cluster / kEntriesPerL2);  // its place first: it must not lie in the way
    if (packed_offset_ + packed_.size() + compressed.size() > packed_room_end_) {
        const std::uint64_t room = take_space(kPackedClusters);
        if (room != packed_room_end_) {  // something else came in between
            flush_packed();
            packed_offset_ = room;
        }
        packed_room_end_ = room + kPackedClusters * kClusterBytes;
    }
    if (packed_.size() + compressed.size() > base::kMiB) {
        flush_packed();
    }
    const std::uint64_t offset = packed_offset_ + packed_.size();
    packed_.insert(packed_.end(), compressed.begin(), compressed.end());
    const std::uint64_t last = offset + compressed.size() - 1;
    const std::uint64_t more_sectors = last / kSectorBytes - offset / kSectorBytes;
    map(cluster, kCompressed | more_sectors << kCompressedSizeShift | offset);
    for (std::uint64_t host = offset / kClusterBytes; host <= last / kClusterBytes; ++host) {
        count_reference(host);
    }
}

void Qcow2Writer::write_refcount_table(std::uint64_t offset, std::uint64_t clusters) {
    refcounts_.flush();
    std::vector<std::byte> table(clusters * kClusterBytes);
    const auto& blocks = refcounts_.places();
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        store_be(std::span(table), i * 8, blocks[i]);
    }
    file_.write_at(offset, table);
}

// Returns where it is.
std::uint64_t Qcow2Writer::write_l1_table() {
    std::vector<std::byte> table(round_up(l1_entries() * 8, kClusterBytes));
    const std::uint64_t offset = allocate(table.size() / kClusterBytes);
    const auto& tables = l2_.places();
    for (std::size_t i = 0; i < tables.size(); ++i) {
        store_be(std::span(table), i * 8, tables[i] == 0 ? 0 : tables[i] | kCopied);
    }
    file_.write_at(offset, table);
    return offset;
}

std::uint64_t Qcow2Writer::l1_entries() const {
    return clusters_for(clusters_for(capacity_bytes_) * 8);
}

void Qcow2Writer::write_header(std::uint64_t l1_table, std::uint64_t refcount_table,
                               std::uint64_t refcount_clusters) {
    std::vector<std::byte> bytes(kClusterBytes);
    const auto header = std::span(bytes);
    store_be(header, 0, std::uint32_t{0x514649fb});  // "QFI" 0xfb
    store_be(header, 4, std::uint32_t{3});
    store_be(header, 20, std::uint32_t{kClusterBits});
    store_be(header, 24, capacity_bytes_);
    store_be(header, 36, static_cast<std::uint32_t>(l1_entries()));
    store_be(header, 40, l1_table);
    store_be(header, 48, refcount_table);
    store_be(header, 56, static_cast<std::uint32_t>(refcount_clusters));
    store_be(header, 72, compression_ == Compression::zlib ? 0 : kOtherCompression);
    store_be(header, 96, std::uint32_t{4});  // refcounts of 16 bits
    store_be(header, 100, kHeaderBytes);     // no extensions follow
    store_be(header, 104, static_cast<std::uint8_t>(compression_));
    file_.write_at(0, header);
}

void Qcow2Writer::finish() {
    const std::lock_guard lock(mutex_);
    flush_packed();
    if (packed_room_end_ == end_) {  // give back what was not needed
        end_ = round_up(packed_offset_, kClusterBytes);
    }
    l2_.flush();
    const std::uint64_t l1_table = write_l1_table();
    count_reference(0);  // the header
    // The table has room for the blocks that count the table itself.
    const std::uint64_t blocks = end_ / kClusterBytes / kRefcountsPerBlock + 3;
    const std::uint64_t clusters = clusters_for(blocks * 8);
    const std::uint64_t table = allocate(clusters);
    write_refcount_table(table, clusters);
    // Beyond this point only the first cluster is missing: until then nobody takes it for a disk.
    write_header(l1_table, table, clusters);
    file_.set_size(end_);
}

}  // namespace ovfkit
