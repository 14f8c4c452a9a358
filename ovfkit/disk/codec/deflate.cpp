// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/codec/deflate.h"

#include <cassert>
#include <new>

#include <fmt/format.h>
#include <libdeflate.h>

#include "base/error.h"

namespace ovfkit {

struct Deflater::State {
    explicit State(int level) : compressor(libdeflate_alloc_compressor(level)) {
        if (compressor == nullptr) {
            throw std::bad_alloc();
        }
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() { libdeflate_free_compressor(compressor); }
    libdeflate_compressor* compressor;
};

namespace {

int checked_level(int level) {
    if (level < 1 || level > 12) {
        throw base::Error(base::ErrorKind::usage,
                          fmt::format("compression level {} is out of range", level),
                          "levels are 1 (fast) to 12 (small)");
    }
    return level;
}

}  // namespace

Deflater::Deflater(int level) : state_(std::make_unique<State>(checked_level(level))) {
}
Deflater::Deflater(Deflater&&) noexcept = default;
Deflater& Deflater::operator=(Deflater&&) noexcept = default;
Deflater::~Deflater() = default;

std::size_t Deflater::zlib_bound(std::size_t size) const {
    return libdeflate_zlib_compress_bound(state_->compressor, size);
}

std::size_t Deflater::zlib(std::span<const std::byte> in, std::span<std::byte> out) const {
    const std::size_t made =
        libdeflate_zlib_compress(state_->compressor, in.data(), in.size(), out.data(), out.size());
    assert(made != 0);
    return made;
}

struct Inflater::State {
    State() : decompressor(libdeflate_alloc_decompressor()) {
        if (decompressor == nullptr) {
            throw std::bad_alloc();
        }
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() { libdeflate_free_decompressor(decompressor); }
    libdeflate_decompressor* decompressor;
};

Inflater::Inflater() : state_(std::make_unique<State>()) {
}
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;
Inflater::~Inflater() = default;

std::optional<std::size_t> Inflater::zlib(std::span<const std::byte> in,
                                          std::span<std::byte> out) const {
    std::size_t used = 0;
    std::size_t made = 0;
    const auto result = libdeflate_zlib_decompress_ex(state_->decompressor, in.data(), in.size(),
                                                      out.data(), out.size(), &used, &made);
    return result == LIBDEFLATE_SUCCESS ? std::optional(made) : std::nullopt;
}

std::optional<std::size_t> Inflater::raw(std::span<const std::byte> in,
                                         std::span<std::byte> out) const {
    std::size_t used = 0;
    std::size_t made = 0;
    const auto result = libdeflate_deflate_decompress_ex(state_->decompressor, in.data(), in.size(),
                                                         out.data(), out.size(), &used, &made);
    return result == LIBDEFLATE_SUCCESS ? std::optional(made) : std::nullopt;
}

}  // namespace ovfkit
