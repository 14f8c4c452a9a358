// SPDX-License-Identifier: Apache-2.0
// Whole blocks through libdeflate, the only file that knows it. One object per thread; its memory
// is reused from block to block.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>

namespace ovfkit {

class Deflater {
  public:
    explicit Deflater(int level);  // 1 to 12, else a usage error
    Deflater(Deflater&&) noexcept;
    Deflater& operator=(Deflater&&) noexcept;
    ~Deflater();
    std::size_t zlib_bound(std::size_t size) const;
    // `out` holds at least zlib_bound(in.size()); returns the bytes made.
    std::size_t zlib(std::span<const std::byte> in, std::span<std::byte> out) const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

// Both return the bytes made, or nullopt when the input is damaged, cut or larger than `out`. Bytes
// after the end of the deflate stream are ignored (both formats pad to sectors).
class Inflater {
  public:
    Inflater();
    Inflater(Inflater&&) noexcept;
    Inflater& operator=(Inflater&&) noexcept;
    ~Inflater();
    std::optional<std::size_t> zlib(std::span<const std::byte> in, std::span<std::byte> out) const;
    std::optional<std::size_t> raw(std::span<const std::byte> in, std::span<std::byte> out) const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace ovfkit
