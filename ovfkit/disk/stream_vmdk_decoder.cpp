// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/stream_vmdk_decoder.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "ovfkit/disk/compare_disks.h"
#include "ovfkit/disk/vmdk/adopting_consumer.h"
#include "ovfkit/disk/vmdk/inflating_consumer.h"
#include "ovfkit/disk/vmdk/passing_consumer.h"
#include "ovfkit/disk/vmdk/stream_parser.h"
#include "ovfkit/disk/zero_test.h"

namespace ovfkit {

namespace {

// The header tells which way the grains go.
class StreamVmdkDecoder : public DiskSink, private vmdk::GrainConsumer {
  public:
    explicit StreamVmdkDecoder(const DiskSinkOptions& options)
        : options_(options),
          parser_(options.name, options.max_capacity_bytes, options.is_delta, *this) {}

    void write(std::span<const std::byte> data) override { parser_.feed(data); }
    DecodedDisk finish_over(const DiskReader* parent) override {
        parser_.finish();
        if (parent != nullptr) {
            inherit(*parent);
        }
        return consumer_->finish();
    }

  private:
    void begin(const vmdk::SparseHeader& header) override {
        if (options_.stream != nullptr) {
            consumer_ = vmdk::make_passing_consumer(options_);
        } else if (options_.target == DiskFormat::qcow2 && vmdk::can_adopt(header)) {
            consumer_ = vmdk::make_adopting_consumer(options_);
        } else {
            consumer_ = vmdk::make_inflating_consumer(
                make_disk_target(options_.target, options_.fd, options_.name), options_.threads);
        }
        consumer_->begin(header);
    }
    void add(std::uint64_t grain, std::span<const std::byte> deflated) override {
        consumer_->add(grain, deflated);
    }

    // What the stream left out is what the parent has there.
    void inherit(const DiskReader& parent) {
        if (parent.capacity_bytes() > parser_.header().capacity_bytes()) {
            throw base::Error(
                base::ErrorKind::invalid_input,
                fmt::format("disk '{}' of {} is smaller than its parent '{}' of {}", options_.name,
                            base::format_byte_size(parser_.header().capacity_bytes()),
                            parent.name(), base::format_byte_size(parent.capacity_bytes())));
        }
        const std::uint64_t grain_bytes = parser_.header().grain_bytes();
        std::vector<std::byte> buffer(grain_bytes);
        std::uint64_t grain = 0;
        while (grain * grain_bytes < parent.capacity_bytes()) {
            const auto range = parent.next_data(grain * grain_bytes);
            if (!range) {
                return;
            }
            base::interrupt().check();
            const std::uint64_t end = range->offset + range->length;
            for (grain = range->offset / grain_bytes; grain * grain_bytes < end; ++grain) {
                if (!parser_.has_grain(grain)) {
                    inherit_grain(parent, grain * grain_bytes, buffer);
                }
            }
        }
    }

    void inherit_grain(const DiskReader& parent, std::uint64_t offset,
                       std::span<std::byte> buffer) {
        read_padded(parent, offset, buffer);
        if (!is_all_zero(buffer)) {
            const std::uint64_t left = parser_.header().capacity_bytes() - offset;
            consumer_->fill(offset, buffer.first(std::min<std::uint64_t>(buffer.size(), left)));
        }
    }

    DiskSinkOptions options_;
    std::unique_ptr<vmdk::DiskConsumer> consumer_;
    vmdk::StreamParser parser_;
};

}  // namespace

std::unique_ptr<DiskSink> make_stream_vmdk_decoder(const DiskSinkOptions& options) {
    return std::make_unique<StreamVmdkDecoder>(options);
}

}  // namespace ovfkit
