// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/qcow2/qcow2_reader.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "ovfkit/disk/byte_order.h"
#include "ovfkit/disk/codec/deflate.h"
#include "ovfkit/disk/codec/zstd.h"
#include "ovfkit/disk/compare_disks.h"
#include "ovfkit/disk/qcow2/qcow2_header.h"
#include "ovfkit/disk/qcow2/qcow2_tables.h"

namespace ovfkit {

namespace {

constexpr std::uint64_t kLongestRange = 64U << 20U;  // keeps next_data() short

class Qcow2Reader : public DiskReader {
  public:
    Qcow2Reader(base::UniqueFd fd, std::uint64_t file_size, std::string name,
                const Qcow2Header& header, std::unique_ptr<DiskReader> below)
        : fd_(std::move(fd)),
          name_(std::move(name)),
          header_(header),
          below_(std::move(below)),
          tables_(fd_.get(), file_size, name_, header_) {}

    DiskFormat format() const override { return DiskFormat::qcow2; }
    const std::string& name() const override { return name_; }
    std::vector<int> descriptors() const override {
        std::vector<int> all = below_ ? below_->descriptors() : std::vector<int>();
        all.push_back(fd_.get());
        return all;
    }
    std::uint64_t capacity_bytes() const override { return round_up(header_.size_bytes, 512); }
    std::optional<DataRange> next_data(std::uint64_t offset) const override;
    void read_at(std::uint64_t offset, std::span<std::byte> buffer) const override;

  private:
    bool is_hole(std::uint64_t offset) const;
    // Where a range of holes ends that is known without its clusters; `offset` when there is none.
    std::uint64_t end_of_large_hole(std::uint64_t offset) const;
    // `within` is the place in the cluster where `buffer` begins.
    void read_cluster(const Qcow2Cluster& cluster, std::uint64_t within,
                      std::span<std::byte> buffer) const;
    void inflate_cluster(const Qcow2Cluster& cluster, std::uint64_t within,
                         std::span<std::byte> buffer) const;

    base::UniqueFd fd_;
    std::string name_;
    Qcow2Header header_;
    std::unique_ptr<DiskReader> below_;  // may be absent
    mutable Qcow2Tables tables_;         // a cache with a lock of its own
};

bool Qcow2Reader::is_hole(std::uint64_t offset) const {
    const Qcow2ClusterKind kind = tables_.find_cluster(offset).kind;
    if (kind != Qcow2ClusterKind::unmapped || !below_) {
        return kind == Qcow2ClusterKind::zero || kind == Qcow2ClusterKind::unmapped;
    }
    const std::uint64_t end = (offset / header_.cluster_bytes() + 1) * header_.cluster_bytes();
    const auto below = next_data_of_either(*below_, nullptr, offset);
    return !below || below->offset >= end;
}

std::uint64_t Qcow2Reader::end_of_large_hole(std::uint64_t offset) const {
    const std::uint64_t end = tables_.end_of_unmapped_l2(offset);
    if (!below_ || end == offset) {
        return end;
    }
    const auto below = next_data_of_either(*below_, nullptr, offset);
    const std::uint64_t data = below ? below->offset : end;
    const std::uint64_t cluster = data / header_.cluster_bytes() * header_.cluster_bytes();
    return std::min(end, std::max(offset, cluster));
}

std::optional<DataRange> Qcow2Reader::next_data(std::uint64_t offset) const {
    const std::uint64_t cluster_bytes = header_.cluster_bytes();
    const std::uint64_t capacity = capacity_bytes();
    std::optional<std::uint64_t> begin;
    while (offset < header_.size_bytes && (!begin || offset - *begin < kLongestRange)) {
        const std::uint64_t end_of_hole = end_of_large_hole(offset);
        if (end_of_hole > offset) {
            if (begin) {
                break;
            }
            offset = end_of_hole;
            continue;
        }
        const bool hole = is_hole(offset);
        if (hole && begin) {
            break;
        }
        if (!hole && !begin) {
            begin = offset;
        }
        offset = (offset / cluster_bytes + 1) * cluster_bytes;
    }
    if (!begin) {
        return std::nullopt;
    }
    return DataRange{*begin, std::min(offset, capacity) - *begin};
}

void Qcow2Reader::read_at(std::uint64_t offset, std::span<std::byte> buffer) const {
    assert(offset + buffer.size() <= capacity_bytes());
    const std::uint64_t cluster_bytes = header_.cluster_bytes();
    while (!buffer.empty()) {
        const std::uint64_t within = offset % cluster_bytes;
        const std::size_t count = std::min<std::uint64_t>(buffer.size(), cluster_bytes - within);
        if (offset < header_.size_bytes) {
            const Qcow2Cluster cluster = tables_.find_cluster(offset);
            if (cluster.kind == Qcow2ClusterKind::unmapped && below_) {
                read_padded(*below_, offset, buffer.first(count));
            } else {
                read_cluster(cluster, within, buffer.first(count));
            }
        } else {
            std::fill_n(buffer.begin(), count, std::byte{0});
        }
        offset += count;
        buffer = buffer.subspan(count);
    }
}

void Qcow2Reader::read_cluster(const Qcow2Cluster& cluster, std::uint64_t within,
                               std::span<std::byte> buffer) const {
    if (cluster.kind == Qcow2ClusterKind::compressed) {
        inflate_cluster(cluster, within, buffer);
        return;
    }
    std::size_t got = 0;
    if (cluster.kind == Qcow2ClusterKind::plain) {
        got = base::pread_some(fd_.get(), buffer, cluster.offset + within, name_);
    }
    // The last cluster of the file may be cut: QEMU reads zeros there.
    std::fill(buffer.begin() + static_cast<std::ptrdiff_t>(got), buffer.end(), std::byte{0});
}

void Qcow2Reader::inflate_cluster(const Qcow2Cluster& cluster, std::uint64_t within,
                                  std::span<std::byte> buffer) const {
    std::vector<std::byte> packed(cluster.length);
    packed.resize(base::pread_some(fd_.get(), packed, cluster.offset, name_));
    const bool whole = buffer.size() == header_.cluster_bytes();
    std::vector<std::byte> spare(whole ? 0 : header_.cluster_bytes());
    const std::span<std::byte> out = whole ? buffer : std::span(spare);
    const std::optional<std::size_t> made = header_.compression == Qcow2Compression::zstd
                                                ? zstd_decompress(packed, out)
                                                : Inflater().raw(packed, out);
    if (made != out.size()) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("qcow2 disk '{}' is damaged: the compressed cluster at byte "
                                      "{} cannot be read",
                                      name_, cluster.offset),
                          fmt::format("check it: qemu-img check '{}'", name_));
    }
    if (!whole) {
        std::copy_n(spare.begin() + static_cast<std::ptrdiff_t>(within), buffer.size(),
                    buffer.begin());
    }
}

}  // namespace

std::unique_ptr<DiskReader> open_qcow2(base::UniqueFd fd, std::uint64_t file_size, std::string name,
                                       std::unique_ptr<DiskReader> below) {
    std::vector<std::byte> head(kQcow2HeaderBytes);
    head.resize(base::pread_some(fd.get(), head, 0, name));
    const Qcow2Header header = parse_qcow2_header(head, file_size, name, below != nullptr);
    return std::make_unique<Qcow2Reader>(std::move(fd), file_size, std::move(name), header,
                                         std::move(below));
}

}  // namespace ovfkit
