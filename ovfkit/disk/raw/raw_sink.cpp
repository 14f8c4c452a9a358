// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/raw/raw_sink.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "ovfkit/disk/byte_order.h"
#include "ovfkit/disk/disk_target.h"
#include "ovfkit/disk/zero_test.h"

namespace ovfkit {

namespace {

constexpr std::size_t kRawBlockBytes = 64 * base::kKiB;

class RawSink : public DiskSink {
  public:
    explicit RawSink(const DiskSinkOptions& options)
        : target_(make_disk_target(options.target, options.fd, options.name)),
          max_capacity_bytes_(options.max_capacity_bytes) {}

    void write(std::span<const std::byte> data) override {
        if (data.size() > max_capacity_bytes_ - received_bytes_) {
            throw base::Error(
                base::ErrorKind::unsupported,
                fmt::format("disk '{}' is larger than the limit of {}", target_->name(),
                            base::format_byte_size(max_capacity_bytes_)));
        }
        received_bytes_ += data.size();
        while (!data.empty()) {
            if (block_.empty() && data.size() >= kRawBlockBytes) {
                put(data.first(kRawBlockBytes));
                data = data.subspan(kRawBlockBytes);
                continue;
            }
            const auto more = data.first(std::min(data.size(), kRawBlockBytes - block_.size()));
            block_.insert(block_.end(), more.begin(), more.end());
            data = data.subspan(more.size());
            if (block_.size() == kRawBlockBytes) {
                put(block_);
                block_.clear();
            }
        }
    }

    DecodedDisk finish_over(const DiskReader* /*parent*/) override {
        put(block_);
        block_.clear();
        if (received_bytes_ == 0) {
            throw base::Error(base::ErrorKind::invalid_input,
                              fmt::format("disk '{}' is empty", target_->name()));
        }
        const std::uint64_t capacity = round_up(received_bytes_, 512);
        target_->set_capacity(capacity);
        target_->finish();
        return {.encoding = "raw", .capacity_bytes = capacity, .populated_bytes = populated_bytes_};
    }

  private:
    void put(std::span<const std::byte> block) {
        if (!is_all_zero(block)) {
            target_->reserve(offset_, block.size());
            target_->write_at(offset_, block);
            populated_bytes_ += block.size();
        }
        offset_ += block.size();
    }

    std::unique_ptr<DiskTarget> target_;
    std::uint64_t max_capacity_bytes_;
    std::uint64_t received_bytes_ = 0;
    std::uint64_t offset_ = 0;  // where block_ belongs
    std::uint64_t populated_bytes_ = 0;
    std::vector<std::byte> block_;
};

}  // namespace

std::unique_ptr<DiskSink> make_raw_sink(const DiskSinkOptions& options) {
    return std::make_unique<RawSink>(options);
}

}  // namespace ovfkit
