// SPDX-License-Identifier: Apache-2.0
// Whole blocks into and out of zstd, the only file that knows it.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace ovfkit {

// Fills `out` as far as the frames in `in` go and stops there (qcow2 pads to sectors). Returns the
// bytes made; nullopt when the input is damaged. Thread-safe.
std::optional<std::size_t> zstd_decompress(std::span<const std::byte> in, std::span<std::byte> out);

// One block after the other, each a frame of its own; equal blocks give equal bytes. Owns its
// buffers. Not thread-safe.
class ZstdCompressor {
  public:
    ZstdCompressor(int level, std::size_t block_bytes);
    ZstdCompressor(const ZstdCompressor&) = delete;
    ZstdCompressor& operator=(const ZstdCompressor&) = delete;
    ~ZstdCompressor();

    // At most block_bytes in. Valid until the next call.
    std::span<const std::byte> compress(std::span<const std::byte> block);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace ovfkit
