// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/vmdk/adopting_consumer.h"

#include <optional>
#include <utility>
#include <vector>

#include "ovfkit/disk/codec/deflate.h"
#include "ovfkit/disk/ordered_pool.h"
#include "ovfkit/disk/qcow2/qcow2_writer.h"
#include "ovfkit/disk/vmdk/inflating_consumer.h"
#include "ovfkit/disk/zero_test.h"

namespace ovfkit::vmdk {

namespace {

constexpr std::size_t kZlibHeaderBytes = 2;
constexpr std::size_t kAdlerBytes = 4;

class AdoptingConsumer : public DiskConsumer {
  public:
    explicit AdoptingConsumer(const DiskSinkOptions& options)
        : qcow2_(options.fd, options.name), plain_(Qcow2Writer::kClusterBytes) {}

    void begin(const SparseHeader& header) override {
        header_ = header;
        qcow2_.set_capacity(header.capacity_bytes());
    }

    void add(std::uint64_t grain, std::span<const std::byte> deflated) override {
        constexpr std::size_t kFraming = kZlibHeaderBytes + kAdlerBytes;
        if (deflated.size() > kFraming && Qcow2Writer::takes_deflated(deflated.size() - kFraming) &&
            bytes_of_grain(header_, grain) == Qcow2Writer::kClusterBytes &&
            has_plain_zlib_header(deflated)) {
            qcow2_.add_compressed(grain,
                                  deflated.subspan(kZlibHeaderBytes, deflated.size() - kFraming));
            populated_bytes_ += Qcow2Writer::kClusterBytes;
        } else {
            add_plain(grain, deflated);
        }
    }

    void fill(std::uint64_t offset, std::span<const std::byte> data) override {
        qcow2_.reserve(offset, data.size());
        qcow2_.write_at(offset, data);
        populated_bytes_ += data.size();
    }

    DecodedDisk finish() override {
        qcow2_.finish();
        return {.encoding = "streamOptimized",
                .capacity_bytes = header_.capacity_bytes(),
                .populated_bytes = populated_bytes_};
    }

    const std::string& name() const { return qcow2_.name(); }

  private:
    void add_plain(std::uint64_t grain, std::span<const std::byte> deflated) {
        const std::uint64_t there = bytes_of_grain(header_, grain);
        const auto made = inflater_.zlib(deflated, plain_);
        if (!made || *made < there) {
            fail_grain(name(), grain, made);
        }
        const auto data = std::span(plain_).first(there);
        if (!is_all_zero(data)) {
            fill(grain * Qcow2Writer::kClusterBytes, data);
        }
    }

    Qcow2Writer qcow2_;
    SparseHeader header_;
    Inflater inflater_;
    std::vector<std::byte> plain_;
    std::uint64_t populated_bytes_ = 0;
};

// Inflates on worker threads what it then adopts, in the order of the stream.
class CheckingConsumer : public DiskConsumer {
  public:
    explicit CheckingConsumer(const DiskSinkOptions& options)
        : adopting_(options), threads_(thread_count(options.threads)) {}

    void begin(const SparseHeader& header) override {
        adopting_.begin(header);
        pool_.emplace(threads_, [this, header] {
            auto buffer = std::make_shared<std::vector<std::byte>>(header.grain_bytes());
            auto inflater = std::make_shared<Inflater>();
            return [this, header, buffer, inflater](GrainBatch batch) {
                for (const GrainBatch::Item& item : batch.items) {
                    const auto made = inflater->zlib(batch.deflated(item), *buffer);
                    if (!made || *made < bytes_of_grain(header, item.grain)) {
                        fail_grain(adopting_.name(), item.grain, made);
                    }
                }
                return batch;
            };
        });
    }

    void add(std::uint64_t grain, std::span<const std::byte> deflated) override {
        batch_.add(grain, deflated);
        if (batch_.full()) {
            submit();
        }
    }

    void fill(std::uint64_t offset, std::span<const std::byte> data) override {
        settle();
        adopting_.fill(offset, data);
    }

    DecodedDisk finish() override {
        settle();
        return adopting_.finish();
    }

  private:
    void settle() {
        if (!batch_.items.empty()) {
            submit();
        }
        while (pool_->pending() > 0) {
            adopt_oldest();
        }
    }

    void submit() {
        if (pool_->pending() >= 4 * static_cast<std::size_t>(threads_)) {
            adopt_oldest();
        }
        pool_->submit(std::exchange(batch_, {}));
    }

    void adopt_oldest() {
        const GrainBatch batch = pool_->take();
        for (const GrainBatch::Item& item : batch.items) {
            adopting_.add(item.grain, batch.deflated(item));
        }
    }

    AdoptingConsumer adopting_;
    unsigned threads_;
    GrainBatch batch_;
    std::optional<OrderedPool<GrainBatch, GrainBatch>> pool_;  // last: its threads use the rest
};

}  // namespace

// RFC 1950 2.2
bool has_plain_zlib_header(std::span<const std::byte> grain) {
    const auto method = std::to_integer<unsigned>(grain[0]);
    const auto flags = std::to_integer<unsigned>(grain[1]);
    return (method & 0x0fU) == 8 && method >> 4U <= 7 && (flags & 0x20U) == 0 &&
           (method * 256 + flags) % 31 == 0;
}

bool can_adopt(const SparseHeader& header) {
    return header.grain_bytes() == Qcow2Writer::kClusterBytes;
}

std::unique_ptr<DiskConsumer> make_adopting_consumer(const DiskSinkOptions& options) {
    if (options.covered_by_digest) {
        return std::make_unique<AdoptingConsumer>(options);
    }
    return std::make_unique<CheckingConsumer>(options);
}

}  // namespace ovfkit::vmdk
