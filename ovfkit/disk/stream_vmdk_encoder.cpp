// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/stream_vmdk_encoder.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/crypto/digest.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "ovfkit/disk/byte_order.h"
#include "ovfkit/disk/codec/grain_deflater.h"
#include "ovfkit/disk/compare_disks.h"
#include "ovfkit/disk/ordered_pool.h"
#include "ovfkit/disk/vmdk/stream_writer.h"
#include "ovfkit/disk/zero_test.h"

namespace ovfkit {

namespace {

using vmdk::EncodedGrains;

constexpr std::uint64_t kGrainBytes = 64 * base::kKiB;
constexpr std::uint64_t kGrainsPerRun = 16;
constexpr std::uint64_t kGrainsPerTable = 512;

// Neighbouring grains that lie in one grain table.
struct GrainRun {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
};

// Cuts the data ranges of a disk into runs, in disk order.
class RunPlanner {
  public:
    RunPlanner(const DiskReader& disk, const DiskReader* parent)
        : disk_(disk),
          parent_(parent),
          grains_(round_up(disk.capacity_bytes(), kGrainBytes) / kGrainBytes) {}

    std::optional<GrainRun> next() {
        if (next_grain_ >= range_end_ && !find_range()) {
            return std::nullopt;
        }
        const std::uint64_t table_end = (next_grain_ / kGrainsPerTable + 1) * kGrainsPerTable;
        const std::uint64_t end = std::min({next_grain_ + kGrainsPerRun, range_end_, table_end});
        const GrainRun run{next_grain_, end - next_grain_};
        next_grain_ = end;
        return run;
    }

  private:
    bool find_range() {
        if (next_grain_ >= grains_) {
            return false;
        }
        const auto range = next_data_of_either(disk_, parent_, next_grain_ * kGrainBytes);
        if (!range) {
            return false;
        }
        next_grain_ = range->offset / kGrainBytes;
        range_end_ = round_up(range->offset + range->length, kGrainBytes) / kGrainBytes;
        return true;
    }

    const DiskReader& disk_;
    const DiskReader* parent_;  // nullptr: none
    std::uint64_t grains_;
    std::uint64_t next_grain_ = 0;
    std::uint64_t range_end_ = 0;
};

// What one thread does with a run: read, leave out grains of zeros (of a delta: those that the
// parent has), deflate, frame.
class RunEncoder {
  public:
    RunEncoder(const DiskReader& disk, const StreamVmdkOptions& options)
        : disk_(disk),
          parent_(options.parent),
          deflater_(options.level, options.fast, kGrainBytes),
          raw_(kGrainsPerRun * kGrainBytes),
          inherited_(parent_ != nullptr ? raw_.size() : 0) {}

    EncodedGrains operator()(const GrainRun& run) {
        const std::uint64_t offset = run.first * kGrainBytes;
        const std::uint64_t length = run.count * kGrainBytes;
        read_padded(disk_, offset, std::span(raw_).first(length));
        if (parent_ != nullptr) {
            read_padded(*parent_, offset, std::span(inherited_).first(length));
        }
        EncodedGrains result{.end_grain = run.first + run.count};
        for (std::uint64_t i = 0; i < run.count; ++i) {
            const auto grain = std::span(raw_).subspan(i * kGrainBytes, kGrainBytes);
            if (!is_left_out(grain, i)) {
                result.append(run.first + i, deflater_.zlib(grain));
            }
        }
        return result;
    }

  private:
    bool is_left_out(std::span<const std::byte> grain, std::uint64_t index) const {
        if (parent_ == nullptr) {
            return is_all_zero(grain);
        }
        const auto inherited = std::span(inherited_).subspan(index * kGrainBytes, kGrainBytes);
        return std::equal(grain.begin(), grain.end(), inherited.begin());
    }

    const DiskReader& disk_;
    const DiskReader* parent_;  // nullptr: none
    GrainDeflater deflater_;
    std::vector<std::byte> raw_;
    std::vector<std::byte> inherited_;  // the same place of the parent
};

// One pass cannot know the whole content before the descriptor is written: the capacity and the
// first grain (partition table with its disk id) stand for it.
std::uint32_t content_id(const DiskReader& disk) {
    std::vector<std::byte> head(8 + std::min(kGrainBytes, disk.capacity_bytes()));
    store_le(head, 0, disk.capacity_bytes());
    disk.read_at(0, std::span(head).subspan(8));
    const std::string hex =
        base::digest_hex(base::DigestAlgorithm::sha256, base::as_text(head)).substr(0, 8);
    const auto id = static_cast<std::uint32_t>(std::stoul(hex, nullptr, 16));
    return std::min(id, 0xfffffffdU);  // the two highest values mean "none"
}

}  // namespace

StreamVmdkResult encode_stream_optimized(const DiskReader& disk, base::ByteSink& sink,
                                         const StreamVmdkOptions& options) {
    const unsigned threads = thread_count(options.threads);
    const std::size_t most_pending = 2 * static_cast<std::size_t>(threads);
    const std::uint64_t capacity = disk.capacity_bytes();
    const DiskReader* parent = options.parent;
    if (capacity == 0) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("disk '{}' is empty", disk.name()));
    }
    if (parent != nullptr && parent->capacity_bytes() > capacity) {
        throw base::Error(
            base::ErrorKind::invalid_input,
            fmt::format("disk '{}' is smaller than its parent '{}'", disk.name(), parent->name()));
    }
    vmdk::StreamWriter writer(sink, capacity, disk.name());
    writer.begin({.cid = options.cid ? *options.cid : content_id(disk),
                  .parent_cid = parent != nullptr ? content_id(*parent) : vmdk::kNoParent},
                 options.extent_name);

    RunPlanner planner(disk, parent);
    OrderedPool<GrainRun, EncodedGrains> pool(threads, [&] {
        // std::function wants a copyable target.
        auto encoder = std::make_shared<RunEncoder>(disk, options);
        return [encoder](const GrainRun& run) { return (*encoder)(run); };
    });
    std::optional<GrainRun> run = planner.next();
    while (run || pool.pending() > 0) {
        base::interrupt().check();
        while (run && pool.pending() < most_pending) {
            pool.submit(*run);
            run = planner.next();
        }
        const EncodedGrains grains = pool.take();
        writer.add(grains);
        if (options.on_progress) {
            options.on_progress(std::min(grains.end_grain * kGrainBytes, capacity), capacity);
        }
    }
    writer.finish();
    return {.capacity_bytes = capacity,
            .populated_bytes = writer.grains_written() * kGrainBytes,
            .encoded_bytes = writer.bytes_written()};
}

}  // namespace ovfkit
