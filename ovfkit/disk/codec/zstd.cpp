// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/codec/zstd.h"

#include <memory>
#include <new>

#include <fmt/format.h>
#include <zstd.h>

#include "base/error.h"

namespace ovfkit {

std::optional<std::size_t> zstd_decompress(std::span<const std::byte> in,
                                           std::span<std::byte> out) {
    const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(),
                                                                       &ZSTD_freeDCtx);
    if (!context) {
        throw std::bad_alloc();
    }
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    while (output.pos < output.size) {
        const std::size_t pos_before = output.pos + input.pos;
        const std::size_t result = ZSTD_decompressStream(context.get(), &output, &input);
        if (ZSTD_isError(result) != 0) {
            return std::nullopt;
        }
        if (output.pos + input.pos == pos_before) {
            break;  // the input is used up
        }
    }
    return output.pos;
}

struct ZstdCompressor::State {
    std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context{ZSTD_createCCtx(), &ZSTD_freeCCtx};
    int level = 0;
    std::vector<std::byte> out;
};

ZstdCompressor::ZstdCompressor(int level, std::size_t block_bytes)
    : state_(std::make_unique<State>()) {
    if (!state_->context) {
        throw std::bad_alloc();
    }
    state_->level = level;
    state_->out.resize(ZSTD_compressBound(block_bytes));
}

ZstdCompressor::~ZstdCompressor() = default;

std::span<const std::byte> ZstdCompressor::compress(std::span<const std::byte> block) {
    const std::size_t bytes =
        ZSTD_compressCCtx(state_->context.get(), state_->out.data(), state_->out.size(),
                          block.data(), block.size(), state_->level);
    if (ZSTD_isError(bytes) != 0) {
        throw base::Error(base::ErrorKind::internal,
                          fmt::format("zstd: {}", ZSTD_getErrorName(bytes)));
    }
    return std::span(state_->out).first(bytes);
}

}  // namespace ovfkit
