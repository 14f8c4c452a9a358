// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/stream_vmdk_decoder.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "ovfkit/disk/codec/deflate.h"
#include "ovfkit/disk/ordered_pool.h"
#include "ovfkit/disk/raw/sparse_file.h"
#include "ovfkit/disk/vmdk/stream_parser.h"
#include "ovfkit/disk/zero_test.h"

namespace ovfkit {

namespace {

constexpr std::size_t kMostGrainsPerBatch = 32;
constexpr std::size_t kMostBytesPerBatch = 512 * base::kKiB;
constexpr std::size_t kMostBytesPerWrite = base::kMiB;

// Deflated grains on their way to a worker.
struct GrainBatch {
    struct Item {
        std::uint64_t grain = 0;
        std::size_t begin = 0;
        std::size_t size = 0;
    };
    std::vector<std::byte> bytes;
    std::vector<Item> items;

    bool full() const {
        return items.size() >= kMostGrainsPerBatch || bytes.size() >= kMostBytesPerBatch;
    }
    std::span<const std::byte> deflated(const Item& item) const {
        return std::span(bytes).subspan(item.begin, item.size);
    }
};

// What one thread does with a batch: inflate, leave out zero grains, write neighbours together.
class BatchInflater {
  public:
    BatchInflater(const SparseFile& file, const vmdk::SparseHeader& header)
        : file_(file),
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
            const std::uint64_t there =
                std::min(header_.grain_bytes(), header_.capacity_bytes() - offset);
            const auto out = std::span(buffer_).subspan(run_bytes_, header_.grain_bytes());
            const auto made = inflater_.zlib(batch.deflated(item), out);
            if (!made || *made < there) {
                fail(item.grain, made);
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
        file_.write_at(run_offset_, std::span(buffer_).first(run_bytes_));
        written_ += run_bytes_;
        run_bytes_ = 0;
    }

    [[noreturn]] void fail(std::uint64_t grain, std::optional<std::size_t> made) const {
        throw base::Error(base::ErrorKind::invalid_input,
                          made ? fmt::format("VMDK '{}' is damaged: grain {} has {} bytes",
                                             file_.name(), grain, *made)
                               : fmt::format("VMDK '{}' is damaged: grain {} cannot be inflated",
                                             file_.name(), grain),
                          "get the file again and compare its digest");
    }

    const SparseFile& file_;
    vmdk::SparseHeader header_;
    Inflater inflater_;
    std::vector<std::byte> buffer_;
    std::uint64_t run_offset_ = 0;  // where the buffered bytes belong
    std::size_t run_bytes_ = 0;
    std::uint64_t written_ = 0;
};

// Hands grains to the workers in batches; at most a few batches wait.
class GrainWriter : public vmdk::GrainConsumer {
  public:
    explicit GrainWriter(const DiskSinkOptions& options)
        : file_(options.fd, options.name), threads_(thread_count(options.threads)) {}

    void begin(const vmdk::SparseHeader& header) override {
        header_ = header;
        file_.set_size(header.capacity_bytes());
        pool_.emplace(threads_, [&] {
            // std::function wants a copyable target.
            auto inflater = std::make_shared<BatchInflater>(file_, header_);
            return [inflater](const GrainBatch& batch) { return (*inflater)(batch); };
        });
    }

    void add(std::uint64_t grain, std::span<const std::byte> deflated) override {
        batch_.items.push_back({grain, batch_.bytes.size(), deflated.size()});
        batch_.bytes.insert(batch_.bytes.end(), deflated.begin(), deflated.end());
        if (batch_.full()) {
            submit();
        }
    }

    DecodedDisk finish() {
        submit();
        while (pool_->pending() > 0) {
            populated_bytes_ += pool_->take();
        }
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

    SparseFile file_;
    unsigned threads_;
    vmdk::SparseHeader header_;
    GrainBatch batch_;
    std::uint64_t populated_bytes_ = 0;
    std::optional<OrderedPool<GrainBatch, std::uint64_t>> pool_;  // last: its threads use the rest
};

class StreamVmdkDecoder : public DiskSink {
  public:
    explicit StreamVmdkDecoder(const DiskSinkOptions& options)
        : writer_(options), parser_(options.name, options.max_capacity_bytes, writer_) {}

    void write(std::span<const std::byte> data) override { parser_.feed(data); }
    DecodedDisk finish() override {
        parser_.finish();
        return writer_.finish();
    }

  private:
    GrainWriter writer_;
    vmdk::StreamParser parser_;
};

}  // namespace

std::unique_ptr<DiskSink> make_stream_vmdk_decoder(const DiskSinkOptions& options) {
    return std::make_unique<StreamVmdkDecoder>(options);
}

}  // namespace ovfkit
