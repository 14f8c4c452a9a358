// SPDX-License-Identifier: Apache-2.0
// zstd's streaming decompression for whole archives.
#include <memory>
#include <new>

#include <zstd.h>
#include <zstd_errors.h>

#include "base/error.h"
#include "ovfkit/package/source/filter/unpacker.h"

namespace ovfkit {

namespace {

struct FreeStream {
    void operator()(ZSTD_DStream* stream) const { ::ZSTD_freeDStream(stream); }
};

class ZstdUnpacker : public Unpacker {
  public:
    ZstdUnpacker() : stream_(::ZSTD_createDStream()) {
        if (!stream_) {
            throw std::bad_alloc();
        }
    }

    Step step(std::span<const std::byte> in, std::span<std::byte> out, bool last) override {
        if (in.empty() && last && !in_frame_) {
            return {};
        }
        ZSTD_inBuffer input{in.data(), in.size(), 0};
        ZSTD_outBuffer output{out.data(), out.size(), 0};
        const std::size_t code = ::ZSTD_decompressStream(stream_.get(), &output, &input);
        if (::ZSTD_isError(code) != 0U) {
            throw_zstd(code);
        }
        in_frame_ = code != 0;
        if (in_frame_ && last && in.empty() && output.pos == 0) {
            throw base::Error(base::ErrorKind::invalid_input, "its zstd data end too early",
                              "the file is cut off: copy or download it again");
        }
        return {input.pos, output.pos};
    }

  private:
    [[noreturn]] static void throw_zstd(std::size_t code) {
        if (::ZSTD_getErrorCode(code) == ZSTD_error_frameParameter_windowTooLarge) {
            throw base::Error(base::ErrorKind::unsupported,
                              "its zstd data need a window of more than 128 MiB to unpack",
                              "unpack it first: zstd -dc --long=31 FILE | muster verify -");
        }
        throw base::Error(base::ErrorKind::invalid_input, "its zstd data are damaged",
                          "get the file from its maker again");
    }

    std::unique_ptr<ZSTD_DStream, FreeStream> stream_;
    bool in_frame_ = true;  // or before the first
};

}  // namespace

std::unique_ptr<Unpacker> make_zstd_unpacker() {
    return std::make_unique<ZstdUnpacker>();
}

}  // namespace ovfkit
