// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/vmdk/sparse_reader.h"

#include <algorithm>
#include <cassert>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "ovfkit/disk/byte_order.h"
#include "ovfkit/disk/codec/deflate.h"
#include "ovfkit/disk/vmdk/descriptor.h"
#include "ovfkit/disk/vmdk/sparse_format.h"

namespace ovfkit::vmdk {

namespace {

constexpr std::uint64_t kMostCapacity = 65536 * base::kGiB;
constexpr std::uint64_t kMostDirectorySectors = 16 * base::kMiB / kSector;
constexpr std::size_t kTablesInMemory = 64;

class SparseReader : public DiskReader {
  public:
    SparseReader(base::UniqueFd fd, std::uint64_t file_size, std::string name)
        : fd_(std::move(fd)), file_size_(file_size), name_(std::move(name)) {
        header_ = parse_sparse_header(read_sectors(0, 1), name_, kMostCapacity);
        check_embedded_descriptor();
        if (header_.directory_sector == kDirectoryAtEnd) {
            take_footer();
        }
        if (header_.directory_sectors() > kMostDirectorySectors) {
            fail("its grain directory is too large");
        }
        const auto bytes = read_sectors(header_.directory_sector, header_.directory_sectors());
        directory_.resize(header_.tables());
        for (std::size_t i = 0; i < directory_.size(); ++i) {
            directory_[i] = load_le<std::uint32_t>(bytes, i * 4);
        }
    }

    DiskFormat format() const override { return DiskFormat::vmdk; }
    const std::string& name() const override { return name_; }
    std::vector<int> descriptors() const override { return {fd_.get()}; }
    std::uint64_t capacity_bytes() const override { return header_.capacity_bytes(); }
    std::optional<DataRange> next_data(std::uint64_t offset) const override;
    void read_at(std::uint64_t offset, std::span<std::byte> buffer) const override;

  private:
    using Table = std::vector<std::uint32_t>;

    std::vector<std::byte> read_sectors(std::uint64_t sector, std::uint64_t count) const;
    void check_embedded_descriptor() const;
    void take_footer();
    std::shared_ptr<const Table> table_at(std::uint64_t sector) const;
    std::uint64_t place_of(std::uint64_t grain) const;
    void read_grain(std::uint64_t grain, std::uint64_t within, std::span<std::byte> buffer) const;
    void inflate_grain(std::uint64_t grain, std::uint64_t place, std::uint64_t within,
                       std::span<std::byte> buffer) const;
    [[noreturn]] void fail(std::string_view what) const {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("VMDK '{}' is damaged: {}", name_, what));
    }

    base::UniqueFd fd_;
    std::uint64_t file_size_;
    std::string name_;
    SparseHeader header_;
    std::vector<std::uint32_t> directory_;
    mutable std::mutex mutex_;  // guards cache_
    mutable std::deque<std::pair<std::uint64_t, std::shared_ptr<const Table>>> cache_;
};

std::vector<std::byte> SparseReader::read_sectors(std::uint64_t sector, std::uint64_t count) const {
    const std::uint64_t sectors = (file_size_ + kSector - 1) / kSector;
    if (sector >= sectors || count > sectors - sector) {
        fail(fmt::format("sector {} lies outside the file", sector));
    }
    std::vector<std::byte> bytes(count * kSector);
    bytes.resize(base::pread_some(fd_.get(), bytes, sector * kSector, name_));
    bytes.resize(count * kSector);  // the last sector may be cut
    return bytes;
}

void SparseReader::check_embedded_descriptor() const {
    const std::uint64_t sectors = std::min(header_.descriptor_sectors, kMostDescriptorSectors);
    if (header_.descriptor_sector != 0 && sectors != 0) {
        const auto text = read_sectors(header_.descriptor_sector, sectors);
        check_descriptor(base::as_text(text), name_, false);
    }
}

// Its footer is the sector before the end-of-stream marker.
void SparseReader::take_footer() {
    if (file_size_ < 4 * kSector) {
        fail("it ends without a footer");
    }
    const SparseHeader footer =
        parse_sparse_header(read_sectors(file_size_ / kSector - 2, 1), name_, kMostCapacity);
    if (footer.directory_sector == kDirectoryAtEnd ||
        footer.capacity_sectors != header_.capacity_sectors ||
        footer.grain_sectors != header_.grain_sectors) {
        fail("its footer contradicts its header");
    }
    header_ = footer;
}

std::shared_ptr<const SparseReader::Table> SparseReader::table_at(std::uint64_t sector) const {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(cache_.begin(), cache_.end(),
                                    [&](const auto& item) { return item.first == sector; });
    if (found != cache_.end()) {
        return found->second;
    }
    const auto bytes = read_sectors(sector, header_.table_sectors());
    auto table = std::make_shared<Table>(header_.entries_per_table);
    for (std::size_t i = 0; i < table->size(); ++i) {
        (*table)[i] = load_le<std::uint32_t>(bytes, i * 4);
    }
    cache_.emplace_front(sector, table);
    if (cache_.size() > kTablesInMemory) {
        cache_.pop_back();
    }
    return table;
}

// The sector of a grain in the file; 0: zeros.
std::uint64_t SparseReader::place_of(std::uint64_t grain) const {
    const std::uint64_t table = directory_[grain / header_.entries_per_table];
    if (table == 0) {
        return 0;
    }
    const std::uint64_t place = (*table_at(table))[grain % header_.entries_per_table];
    // With the flag 1 means: known to be zeros.
    return place == 1 && (header_.flags & kFlagZeroGrains) != 0 ? 0 : place;
}

std::optional<DataRange> SparseReader::next_data(std::uint64_t offset) const {
    constexpr std::uint64_t kLongestRange = 64 * base::kMiB;
    const std::uint64_t grain_bytes = header_.grain_bytes();
    if (offset >= capacity_bytes()) {
        return std::nullopt;
    }
    std::uint64_t grain = offset / grain_bytes;
    while (grain < header_.grains() && place_of(grain) == 0) {
        const bool no_table = directory_[grain / header_.entries_per_table] == 0;
        grain = no_table ? (grain / header_.entries_per_table + 1) * header_.entries_per_table
                         : grain + 1;
    }
    if (grain >= header_.grains()) {
        return std::nullopt;
    }
    std::uint64_t end = grain + 1;
    while (end < header_.grains() && (end - grain) * grain_bytes < kLongestRange &&
           place_of(end) != 0) {
        ++end;
    }
    const std::uint64_t begin = std::max(offset, grain * grain_bytes);
    return DataRange{begin, std::min(end * grain_bytes, capacity_bytes()) - begin};
}

void SparseReader::read_at(std::uint64_t offset, std::span<std::byte> buffer) const {
    assert(offset + buffer.size() <= capacity_bytes());
    while (!buffer.empty()) {
        const std::uint64_t within = offset % header_.grain_bytes();
        const auto part =
            buffer.first(std::min<std::uint64_t>(buffer.size(), header_.grain_bytes() - within));
        read_grain(offset / header_.grain_bytes(), within, part);
        offset += part.size();
        buffer = buffer.subspan(part.size());
    }
}

void SparseReader::read_grain(std::uint64_t grain, std::uint64_t within,
                              std::span<std::byte> buffer) const {
    const std::uint64_t place = place_of(grain);
    if (place == 0) {
        std::fill(buffer.begin(), buffer.end(), std::byte{0});
    } else if ((header_.flags & kFlagCompressed) != 0) {
        inflate_grain(grain, place, within, buffer);
    } else if (place * kSector + within + buffer.size() > file_size_) {
        fail(fmt::format("grain {} lies outside the file", grain));
    } else {
        base::pread_exactly(fd_.get(), buffer, place * kSector + within, name_);
    }
}

void SparseReader::inflate_grain(std::uint64_t grain, std::uint64_t place, std::uint64_t within,
                                 std::span<std::byte> buffer) const {
    const auto marker = read_sectors(place, 1);
    const auto size = load_le<std::uint32_t>(marker, 8);
    if (load_le<std::uint64_t>(marker, 0) != grain * header_.grain_sectors || size == 0 ||
        size > 2 * header_.grain_bytes()) {
        fail(fmt::format("grain {} is not where its table says", grain));
    }
    const auto record = read_sectors(place, (kGrainMarkerBytes + size + kSector - 1) / kSector);
    thread_local Inflater inflater;
    thread_local std::vector<std::byte> plain;
    plain.resize(header_.grain_bytes());
    const auto made =
        inflater.zlib(std::span(record).subspan(kGrainMarkerBytes, size), std::span(plain));
    if (!made || *made < within + buffer.size()) {
        fail(fmt::format("grain {} cannot be inflated", grain));
    }
    std::copy_n(plain.begin() + static_cast<std::ptrdiff_t>(within), buffer.size(), buffer.begin());
}

}  // namespace

std::unique_ptr<DiskReader> open_sparse_extent(base::UniqueFd fd, std::uint64_t file_size,
                                               std::string name) {
    return std::make_unique<SparseReader>(std::move(fd), file_size, std::move(name));
}

}  // namespace ovfkit::vmdk
