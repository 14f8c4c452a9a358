// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/vmdk/passing_consumer.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/crypto/digest.h"
#include "ovfkit/disk/byte_order.h"
#include "ovfkit/disk/codec/grain_deflater.h"
#include "ovfkit/disk/ordered_pool.h"
#include "ovfkit/disk/vmdk/adopting_consumer.h"
#include "ovfkit/disk/vmdk/inflating_consumer.h"
#include "ovfkit/disk/vmdk/stream_writer.h"
#include "ovfkit/disk/zero_test.h"

namespace ovfkit::vmdk {

namespace {

constexpr std::uint64_t kPassedGrainBytes = 64 * base::kKiB;

// What one thread does with a batch: inflate, leave out zero grains, frame.
class GrainPasser {
  public:
    GrainPasser(const DiskSinkOptions& options, const SparseHeader& header)
        : name_(options.name),
          header_(header),
          keep_(options.keep_grains),
          deflater_(options.encoding.level, options.encoding.fast, kPassedGrainBytes),
          plain_(kPassedGrainBytes) {}

    EncodedGrains operator()(const GrainBatch& batch) {
        EncodedGrains result;
        for (const GrainBatch::Item& item : batch.items) {
            const auto deflated = batch.deflated(item);
            const std::uint64_t there = bytes_of_grain(header_, item.grain);
            const auto made = inflater_.zlib(deflated, plain_);
            if (!made || *made < there) {
                fail_grain(name_, item.grain, made);
            }
            // What a last grain has beyond the disk is nobody's.
            const auto rest = plain_.begin() + static_cast<std::ptrdiff_t>(there);
            const bool whole = *made == kPassedGrainBytes && there == kPassedGrainBytes;
            std::fill(rest, plain_.end(), std::byte{0});
            if (!is_all_zero(plain_)) {
                const bool keeps = keep_ && whole && has_plain_zlib_header(deflated);
                result.append(item.grain, keeps ? deflated : deflater_.zlib(plain_));
            }
            result.end_grain = item.grain + 1;
        }
        return result;
    }

  private:
    std::string name_;
    SparseHeader header_;
    bool keep_;
    Inflater inflater_;
    GrainDeflater deflater_;
    std::vector<std::byte> plain_;
};

class PassingConsumer : public DiskConsumer {
  public:
    explicit PassingConsumer(const DiskSinkOptions& options)
        : options_(options), threads_(thread_count(options.threads)) {}

    void begin(const SparseHeader& header) override {
        header_ = header;
        writer_.emplace(*options_.stream, header.capacity_bytes(), options_.name);
        pool_.emplace(threads_, [this] {
            auto passer = std::make_shared<GrainPasser>(options_, header_);
            return [passer](const GrainBatch& batch) { return (*passer)(batch); };
        });
    }

    void add(std::uint64_t grain, std::span<const std::byte> deflated) override {
        if (grain < next_grain_) {
            throw GrainsOutOfOrder(options_.name);
        }
        next_grain_ = grain + 1;
        // The writer takes grains of one table at a time.
        constexpr std::uint64_t kPerTable = 512;
        if (!batch_.items.empty() && batch_.items.back().grain / kPerTable != grain / kPerTable) {
            submit();
        }
        batch_.add(grain, deflated);
        if (batch_.full()) {
            submit();
        }
    }

    void fill(std::uint64_t /*offset*/, std::span<const std::byte> /*data*/) override {
        base::unreachable("a delta is put together before it is passed on");
    }

    DecodedDisk finish() override {
        submit();
        while (pool_->pending() > 0) {
            write_oldest();
        }
        begin_once({});
        writer_->finish();
        return {.encoding = "streamOptimized",
                .capacity_bytes = header_.capacity_bytes(),
                .populated_bytes = writer_->grains_written() * kPassedGrainBytes};
    }

  private:
    void submit() {
        if (batch_.items.empty()) {
            return;
        }
        if (pool_->pending() >= 4 * static_cast<std::size_t>(threads_)) {
            write_oldest();
        }
        pool_->submit(std::exchange(batch_, {}));
    }

    void write_oldest() {
        const EncodedGrains grains = pool_->take();
        begin_once(grains.records);
        writer_->add(grains);
    }

    // The content id stands before the content: the capacity and the first grains stand for it.
    void begin_once(std::span<const std::byte> first_records) {
        if (std::exchange(begun_, true)) {
            return;
        }
        std::vector<std::byte> content(8);
        store_le(content, 0, header_.capacity_bytes());
        content.insert(content.end(), first_records.begin(), first_records.end());
        const std::string hex =
            base::digest_hex(base::DigestAlgorithm::sha256, base::as_text(content)).substr(0, 8);
        const auto id = static_cast<std::uint32_t>(std::stoul(hex, nullptr, 16));
        writer_->begin({.cid = options_.encoding.cid.value_or(std::min(id, 0xfffffffdU))},
                       options_.encoding.extent_name);
    }

    DiskSinkOptions options_;
    unsigned threads_;
    SparseHeader header_;
    std::optional<StreamWriter> writer_;
    bool begun_ = false;
    std::uint64_t next_grain_ = 0;
    GrainBatch batch_;
    std::optional<OrderedPool<GrainBatch, EncodedGrains>> pool_;  // last: its threads use the rest
};

}  // namespace

bool can_pass_on(std::span<const std::byte> head) {
    constexpr std::size_t kGrainSectorsAt = 20;
    return head.size() < kSector ||
           load_le<std::uint64_t>(head, kGrainSectorsAt) == kPassedGrainBytes / kSector;
}

std::unique_ptr<DiskConsumer> make_passing_consumer(const DiskSinkOptions& options) {
    return std::make_unique<PassingConsumer>(options);
}

}  // namespace ovfkit::vmdk
