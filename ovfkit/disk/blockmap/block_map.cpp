// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/blockmap/block_map.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <utility>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "ovfkit/disk/blockmap/block_map_checks.h"
#include "ovfkit/disk/byte_order.h"

namespace ovfkit {

namespace {

constexpr std::uint64_t kMostCapacity = 64 * 1024 * base::kGiB;

class BlockMapReader : public DiskReader {
  public:
    BlockMapReader(base::UniqueFd fd, BlockMap map, std::string name)
        : fd_(std::move(fd)), map_(std::move(map)), name_(std::move(name)) {}

    DiskFormat format() const override { return map_.format; }
    const std::string& name() const override { return name_; }
    std::vector<int> descriptors() const override { return {fd_.get()}; }
    std::uint64_t capacity_bytes() const override { return map_.capacity_bytes; }

    std::optional<DataRange> next_data(std::uint64_t offset) const override {
        const auto& places = map_.places;
        std::uint64_t block = offset / map_.block_bytes;
        while (block < places.size() && places[block] == BlockMap::kHole) {
            ++block;
        }
        std::uint64_t end = block;
        while (end < places.size() && places[end] != BlockMap::kHole) {
            ++end;
        }
        const std::uint64_t begin = std::max(offset, block * map_.block_bytes);
        const std::uint64_t stop = std::min(end * map_.block_bytes, map_.capacity_bytes);
        if (begin >= stop) {
            return std::nullopt;
        }
        return DataRange{begin, stop - begin};
    }

    void read_at(std::uint64_t offset, std::span<std::byte> buffer) const override {
        assert(offset + buffer.size() <= capacity_bytes());
        while (!buffer.empty()) {
            const std::uint64_t within = offset % map_.block_bytes;
            const auto part =
                buffer.first(std::min<std::uint64_t>(buffer.size(), map_.block_bytes - within));
            const std::uint64_t place = map_.places[offset / map_.block_bytes];
            if (place == BlockMap::kHole) {
                std::fill(part.begin(), part.end(), std::byte{0});
            } else {
                base::pread_exactly(fd_.get(), part, place + within, name_);
            }
            offset += part.size();
            buffer = buffer.subspan(part.size());
        }
    }

  private:
    base::UniqueFd fd_;
    BlockMap map_;
    std::string name_;
};

}  // namespace

std::vector<std::byte> BlockMapFile::read(std::uint64_t offset, std::uint64_t bytes) const {
    if (bytes > kMostBytes || offset > size_ || bytes > size_ - offset) {
        fail_damaged("it ends before its tables");
    }
    std::vector<std::byte> data(bytes);
    base::pread_exactly(fd_, data, offset, name_);
    return data;
}

void BlockMapFile::fail_damaged(std::string_view what) const {
    throw base::Error(base::ErrorKind::invalid_input,
                      fmt::format("{} '{}' is damaged: {}", kind_, name_, what));
}

void BlockMapFile::fail_unsupported(std::string_view what) const {
    throw base::Error(base::ErrorKind::unsupported, fmt::format("{} '{}' {}", kind_, name_, what),
                      "flatten it with the program that made it");
}

std::uint64_t BlockMapFile::check_geometry(std::uint64_t capacity_bytes,
                                           std::uint64_t block_bytes) const {
    if (capacity_bytes == 0 || capacity_bytes % 512 != 0 || capacity_bytes > kMostCapacity) {
        fail_damaged(fmt::format("its size of {} bytes", capacity_bytes));
    }
    if (block_bytes < 4096 || block_bytes > 256 * base::kMiB || !std::has_single_bit(block_bytes)) {
        fail_damaged(fmt::format("its block size of {} bytes", block_bytes));
    }
    return round_up(capacity_bytes, block_bytes) / block_bytes;
}

void BlockMapFile::check_place(const BlockMap& map, std::uint64_t block,
                               std::uint64_t place) const {
    const std::uint64_t there =
        std::min(map.block_bytes, map.capacity_bytes - block * map.block_bytes);
    if (place > size_ || there > size_ - place) {
        fail_damaged(fmt::format("block {} lies outside the file", block));
    }
}

std::unique_ptr<DiskReader> open_block_map(base::UniqueFd fd, BlockMap map, std::string name) {
    return std::make_unique<BlockMapReader>(std::move(fd), std::move(map), std::move(name));
}

}  // namespace ovfkit
