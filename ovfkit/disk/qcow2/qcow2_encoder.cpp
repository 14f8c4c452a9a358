// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/qcow2/qcow2_encoder.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "ovfkit/disk/byte_order.h"
#include "ovfkit/disk/codec/zstd.h"
#include "ovfkit/disk/ordered_pool.h"
#include "ovfkit/disk/zero_test.h"

namespace ovfkit {

namespace {

constexpr std::uint64_t kCluster = Qcow2Writer::kClusterBytes;

}  // namespace

struct Qcow2Encoder::State {
    // Neighbouring clusters, as they are.
    struct ClusterBatch {
        std::uint64_t first = 0;  // cluster
        std::vector<std::byte> bytes;
    };

    struct PackedCluster {
        std::uint64_t cluster = 0;
        bool compressed = false;
        std::size_t offset = 0;  // in PackedBatch::bytes
        std::size_t length = 0;
    };

    // The same, without those of zeros.
    struct PackedBatch {
        std::vector<std::byte> bytes;
        std::vector<PackedCluster> clusters;
    };

    static PackedBatch pack(ZstdCompressor& compressor, ClusterBatch batch);
    using Pool = OrderedPool<ClusterBatch, PackedBatch>;

    State(int fd, const std::string& name, std::uint64_t capacity,
          const Qcow2EncoderOptions& options)
        : capacity_bytes(capacity),
          threads(thread_count(options.threads)),
          writer(fd, name, Qcow2Writer::Compression::zstd),
          pool(threads, [&] {
              // std::function wants a copyable target.
              auto compressor = std::make_shared<ZstdCompressor>(options.level, kCluster);
              return
                  [compressor](ClusterBatch batch) { return pack(*compressor, std::move(batch)); };
          }) {
        writer.set_capacity(capacity);
    }

    void write_oldest() {
        const PackedBatch batch = pool.take();
        for (const PackedCluster& cluster : batch.clusters) {
            const auto bytes = std::span(batch.bytes).subspan(cluster.offset, cluster.length);
            if (cluster.compressed) {
                writer.add_compressed(cluster.cluster, bytes);
            } else {
                writer.reserve(cluster.cluster * kCluster, kCluster);
                writer.write_at(cluster.cluster * kCluster, bytes);
            }
        }
    }

    std::uint64_t capacity_bytes;
    unsigned threads;
    Qcow2Writer writer;
    Pool pool;  // after the writer: its threads end first
};

Qcow2Encoder::State::PackedBatch Qcow2Encoder::State::pack(ZstdCompressor& compressor,
                                                           ClusterBatch batch) {
    PackedBatch result;
    batch.bytes.resize(round_up(batch.bytes.size(), kCluster));  // the last one of the disk
    for (std::size_t at = 0; at < batch.bytes.size(); at += kCluster) {
        const auto cluster = std::span<const std::byte>(batch.bytes).subspan(at, kCluster);
        if (is_all_zero(cluster)) {
            continue;
        }
        const auto packed = compressor.compress(cluster);
        const bool smaller = packed.size() < kCluster;
        const auto kept = smaller ? packed : cluster;
        result.clusters.push_back(
            {batch.first + at / kCluster, smaller, result.bytes.size(), kept.size()});
        result.bytes.insert(result.bytes.end(), kept.begin(), kept.end());
    }
    return result;
}

Qcow2Encoder::Qcow2Encoder(int fd, const std::string& name, std::uint64_t capacity_bytes,
                           const Qcow2EncoderOptions& options)
    : state_(std::make_unique<State>(fd, name, capacity_bytes, options)) {
}

Qcow2Encoder::~Qcow2Encoder() = default;

void Qcow2Encoder::add(std::uint64_t offset, std::vector<std::byte> clusters) {
    assert(offset % kCluster == 0);
    assert(clusters.size() % kCluster == 0 || offset + clusters.size() == state_->capacity_bytes);
    while (state_->pool.pending() >= 2 * static_cast<std::size_t>(state_->threads)) {
        state_->write_oldest();
    }
    state_->pool.submit({offset / kCluster, std::move(clusters)});
}

void Qcow2Encoder::finish() {
    while (state_->pool.pending() > 0) {
        state_->write_oldest();
    }
    state_->writer.finish();
}

}  // namespace ovfkit
