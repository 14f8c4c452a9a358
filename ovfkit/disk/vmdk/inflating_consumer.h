// SPDX-License-Identifier: Apache-2.0
// Inflates grains and writes them at their place, by worker threads behind a bounded queue. Holes
// and zero grains are never written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ovfkit/disk/disk_target.h"
#include "ovfkit/disk/vmdk/disk_consumer.h"

namespace ovfkit::vmdk {

// Deflated grains on their way to a worker.
struct GrainBatch {
    struct Item {
        std::uint64_t grain = 0;
        std::size_t begin = 0;
        std::size_t size = 0;
    };
    std::vector<std::byte> bytes;
    std::vector<Item> items;

    void add(std::uint64_t grain, std::span<const std::byte> deflated);
    bool full() const;
    std::span<const std::byte> deflated(const Item& item) const {
        return std::span(bytes).subspan(item.begin, item.size);
    }
};

// The bytes of a grain that belong to the disk: the last one may reach past its end.
std::uint64_t bytes_of_grain(const SparseHeader& header, std::uint64_t grain);

// `made` is what the inflater said.
[[noreturn]] void fail_grain(const std::string& name, std::uint64_t grain,
                             std::optional<std::size_t> made);

// threads 0: one per core.
std::unique_ptr<DiskConsumer> make_inflating_consumer(std::unique_ptr<DiskTarget> target,
                                                      unsigned threads);

}  // namespace ovfkit::vmdk
