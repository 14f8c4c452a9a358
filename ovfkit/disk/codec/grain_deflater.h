// SPDX-License-Identifier: Apache-2.0
// One of the two deflaters, with a buffer for what it makes. One object per thread.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "ovfkit/disk/codec/deflate.h"
#include "ovfkit/disk/codec/fast_deflate.h"

namespace ovfkit {

class GrainDeflater {
  public:
    // `level` is libdeflate's; `fast` takes ISA-L instead. For blocks of at most `block_bytes`.
    GrainDeflater(int level, bool fast, std::size_t block_bytes) {
        if (fast) {
            fast_.emplace();
            packed_.resize(FastDeflater::zlib_bound(block_bytes));
        } else {
            small_.emplace(level);
            packed_.resize(small_->zlib_bound(block_bytes));
        }
    }
    // The zlib stream of the block; good until the next call.
    std::span<const std::byte> zlib(std::span<const std::byte> block) {
        const std::size_t size = fast_ ? fast_->zlib(block, packed_) : small_->zlib(block, packed_);
        return std::span(packed_).first(size);
    }

  private:
    std::optional<Deflater> small_;
    std::optional<FastDeflater> fast_;
    std::vector<std::byte> packed_;
};

}  // namespace ovfkit
