// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/copy_disk.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/byte_size.h"
#include "base/interrupt.h"
#include "ovfkit/disk/ordered_pool.h"
#include "ovfkit/disk/zero_test.h"

namespace ovfkit {

namespace {

constexpr std::uint64_t kBlockBytes = 64 * base::kKiB;
constexpr std::uint64_t kPieceBytes = base::kMiB;

// A piece of the disk that was read, and what of it is not zeros.
struct Piece {
    std::uint64_t offset = 0;
    std::vector<std::byte> bytes;
    std::vector<DataRange> data;  // offsets in `bytes`
};

Piece read_piece(const DiskReader& disk, const DataRange& range) {
    Piece piece{.offset = range.offset, .bytes = std::vector<std::byte>(range.length)};
    disk.read_at(range.offset, piece.bytes);
    for (std::uint64_t at = 0; at < range.length; at += kBlockBytes) {
        const std::uint64_t length = std::min(kBlockBytes, range.length - at);
        if (is_all_zero(std::span(piece.bytes).subspan(at, length))) {
            continue;
        }
        if (!piece.data.empty() && piece.data.back().offset + piece.data.back().length == at) {
            piece.data.back().length += length;
        } else {
            piece.data.push_back({at, length});
        }
    }
    return piece;
}

// Cuts the data ranges into pieces that begin and end at blocks.
class PiecePlanner {
  public:
    explicit PiecePlanner(const DiskReader& disk) : disk_(disk) {}

    std::optional<DataRange> next() {
        if (offset_ >= end_ && !find_range()) {
            return std::nullopt;
        }
        const std::uint64_t stop = std::min(end_, (offset_ / kPieceBytes + 1) * kPieceBytes);
        const DataRange piece{offset_, stop - offset_};
        offset_ = stop;
        return piece;
    }

  private:
    bool find_range() {
        const auto range = offset_ < disk_.capacity_bytes() ? disk_.next_data(offset_)
                                                            : std::optional<DataRange>();
        if (!range) {
            return false;
        }
        offset_ = std::max(offset_, range->offset / kBlockBytes * kBlockBytes);
        end_ = std::min(disk_.capacity_bytes(), (range->offset + range->length + kBlockBytes - 1) /
                                                    kBlockBytes * kBlockBytes);
        return true;
    }

    const DiskReader& disk_;
    std::uint64_t offset_ = 0;
    std::uint64_t end_ = 0;
};

}  // namespace

std::uint64_t copy_disk(const DiskReader& disk, DiskTarget& target,
                        const CopyDiskOptions& options) {
    const unsigned threads = thread_count(options.threads);
    const std::uint64_t capacity = disk.capacity_bytes();
    target.set_capacity(capacity);
    PiecePlanner planner(disk);
    OrderedPool<DataRange, Piece> pool(threads, [&] {
        return [&disk](const DataRange& range) { return read_piece(disk, range); };
    });
    std::uint64_t written = 0;
    std::optional<DataRange> range = planner.next();
    while (range || pool.pending() > 0) {
        base::interrupt().check();
        while (range && pool.pending() < 2 * static_cast<std::size_t>(threads)) {
            pool.submit(*range);
            range = planner.next();
        }
        const Piece piece = pool.take();
        for (const DataRange& data : piece.data) {
            target.reserve(piece.offset + data.offset, data.length);
            target.write_at(piece.offset + data.offset,
                            std::span(piece.bytes).subspan(data.offset, data.length));
            written += data.length;
        }
        if (options.on_progress) {
            options.on_progress(piece.offset + piece.bytes.size(), capacity);
        }
    }
    target.finish();
    return written;
}

}  // namespace ovfkit
