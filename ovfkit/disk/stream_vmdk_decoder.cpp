// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/stream_vmdk_decoder.h"

#include <optional>

#include "ovfkit/disk/vmdk/adopting_consumer.h"
#include "ovfkit/disk/vmdk/inflating_consumer.h"
#include "ovfkit/disk/vmdk/passing_consumer.h"
#include "ovfkit/disk/vmdk/stream_parser.h"

namespace ovfkit {

namespace {

// The header tells which way the grains go.
class StreamVmdkDecoder : public DiskSink, private vmdk::GrainConsumer {
  public:
    explicit StreamVmdkDecoder(const DiskSinkOptions& options)
        : options_(options), parser_(options.name, options.max_capacity_bytes, *this) {}

    void write(std::span<const std::byte> data) override { parser_.feed(data); }
    DecodedDisk finish() override {
        parser_.finish();
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

    DiskSinkOptions options_;
    std::unique_ptr<vmdk::DiskConsumer> consumer_;
    vmdk::StreamParser parser_;
};

}  // namespace

std::unique_ptr<DiskSink> make_stream_vmdk_decoder(const DiskSinkOptions& options) {
    return std::make_unique<StreamVmdkDecoder>(options);
}

}  // namespace ovfkit
