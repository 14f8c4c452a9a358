// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/vmdk/inflating_consumer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "ovfkit/disk/codec/deflate.h"
#include "ovfkit/disk/ordered_pool.h"
#include "ovfkit/disk/zero_test.h"

namespace ovfkit::vmdk {

namespace {

constexpr std::size_t kMostGrainsPerBatch = 32;
constexpr std::size_t kMostBytesPerBatch = 512 * base::kKiB;
constexpr std::size_t kMostBytesPerWrite = base::kMiB;

// What one thread does with a batch: inflate, leave out zero grains, write neighbours together.
class BatchInflater {
  public:
    BatchInflater(DiskTarget& target, const SparseHeader& header)
        : target_(target),
          header_(header),
          buffer_(std::max<std::size_t>(header.grain_bytes(), kMostBytesPerWrite)) {}

    // Returns the bytes written.
    std::uint64_t operator()(const GrainBatch& batch) {
        written_ = 0;
        run_bytes_ = 0;  // a failed batch may have left some
        for (const GrainBatch::Item& item : batch.items) {
            const std::uint64_t offset = item.grain * header_.grain_bytes();
            if (offset != run_offset_ + run_bytes_ ||
                run_bytes_ + header_.grain_bytes() > buffer_.size()) {
                flush();
                run_offset_ = offset;
            }
            const std::uint64_t there = bytes_of_grain(header_, item.grain);
            const auto out = std::span(buffer_).subspan(run_bytes_, header_.grain_bytes());
            const auto made = inflater_.zlib(batch.deflated(item), out);
            if (!made || *made < there) {
                fail_grain(target_.name(), item.grain, made);
            }
            if (is_all_zero(out.first(there))) {
                flush();
                run_offset_ = offset + there;
            } else {
                run_bytes_ += there;
            }
        }
        flush();
        return written_;
    }

  private:
    void flush() {
        target_.write_at(run_offset_, std::span(buffer_).first(run_bytes_));
        written_ += run_bytes_;
        run_bytes_ = 0;
    }

    DiskTarget& target_;
    SparseHeader header_;
    Inflater inflater_;
    std::vector<std::byte> buffer_;
    std::uint64_t run_offset_ = 0;  // where the buffered bytes belong
    std::size_t run_bytes_ = 0;
    std::uint64_t written_ = 0;
};

// Hands grains to the workers in batches; at most a few batches wait.
class InflatingConsumer : public DiskConsumer {
  public:
    InflatingConsumer(std::unique_ptr<DiskTarget> target, unsigned threads)
        : target_(std::move(target)), threads_(thread_count(threads)) {}

    void begin(const SparseHeader& header) override {
        header_ = header;
        target_->set_capacity(header.capacity_bytes());
        pool_.emplace(threads_, [&] {
            // std::function wants a copyable target.
            auto inflater = std::make_shared<BatchInflater>(*target_, header_);
            return [inflater](const GrainBatch& batch) { return (*inflater)(batch); };
        });
    }

    void add(std::uint64_t grain, std::span<const std::byte> deflated) override {
        target_->reserve(grain * header_.grain_bytes(), bytes_of_grain(header_, grain));
        batch_.add(grain, deflated);
        if (batch_.full()) {
            submit();
        }
    }

    void fill(std::uint64_t offset, std::span<const std::byte> data) override {
        target_->reserve(offset, data.size());
        target_->write_at(offset, data);
        populated_bytes_ += data.size();
    }

    DecodedDisk finish() override {
        submit();
        while (pool_->pending() > 0) {
            populated_bytes_ += pool_->take();
        }
        target_->finish();
        return {.encoding = "streamOptimized",
                .capacity_bytes = header_.capacity_bytes(),
                .populated_bytes = populated_bytes_};
    }

  private:
    void submit() {
        if (pool_->pending() >= 4 * static_cast<std::size_t>(threads_)) {
            populated_bytes_ += pool_->take();
        }
        pool_->submit(std::exchange(batch_, {}));
    }

    std::unique_ptr<DiskTarget> target_;
    unsigned threads_;
    SparseHeader header_;
    GrainBatch batch_;
    std::uint64_t populated_bytes_ = 0;
    std::optional<OrderedPool<GrainBatch, std::uint64_t>> pool_;  // last: its threads use the rest
};

}  // namespace

void GrainBatch::add(std::uint64_t grain, std::span<const std::byte> deflated) {
    if (items.empty()) {
        bytes.reserve(kMostBytesPerBatch + 64 * base::kKiB);
    }
    items.push_back({grain, bytes.size(), deflated.size()});
    bytes.insert(bytes.end(), deflated.begin(), deflated.end());
}

bool GrainBatch::full() const {
    return items.size() >= kMostGrainsPerBatch || bytes.size() >= kMostBytesPerBatch;
}

std::uint64_t bytes_of_grain(const SparseHeader& header, std::uint64_t grain) {
    return std::min(header.grain_bytes(), header.capacity_bytes() - grain * header.grain_bytes());
}

void fail_grain(const std::string& name, std::uint64_t grain, std::optional<std::size_t> made) {
    throw base::Error(
        base::ErrorKind::invalid_input,
        made ? fmt::format("VMDK '{}' is damaged: grain {} has {} bytes", name, grain, *made)
             : fmt::format("VMDK '{}' is damaged: grain {} cannot be inflated", name, grain),
        "get the file again and compare its digest");
}

std::unique_ptr<DiskConsumer> make_inflating_consumer(std::unique_ptr<DiskTarget> target,
                                                      unsigned threads) {
    return std::make_unique<InflatingConsumer>(std::move(target), threads);
}

}  // namespace ovfkit::vmdk
