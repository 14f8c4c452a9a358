// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/codec/zstd.h"

#include <memory>
#include <new>

#include <zstd.h>

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

}  // namespace ovfkit
