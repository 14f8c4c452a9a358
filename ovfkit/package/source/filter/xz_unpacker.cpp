// SPDX-License-Identifier: Apache-2.0
// liblzma: the only file that knows it.
#include <new>

#include <lzma.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "ovfkit/package/source/filter/unpacker.h"

namespace ovfkit {

namespace {

constexpr std::uint64_t kMemory = 256 * base::kMiB;  // xz -9 needs 65 MiB

[[noreturn]] void throw_lzma(lzma_ret code) {
    if (code == LZMA_MEMLIMIT_ERROR) {
        throw base::Error(base::ErrorKind::unsupported,
                          "its xz data need more than 256 MiB of memory to unpack",
                          "unpack it first: xz -dc FILE | muster verify -");
    }
    if (code == LZMA_BUF_ERROR) {
        throw base::Error(base::ErrorKind::invalid_input, "its xz data end too early",
                          "the file is cut off: copy or download it again");
    }
    throw base::Error(base::ErrorKind::invalid_input, "its xz data are damaged",
                      "get the file from its maker again");
}

class XzUnpacker : public Unpacker {
  public:
    XzUnpacker() {
        if (::lzma_stream_decoder(&stream_, kMemory, LZMA_CONCATENATED) != LZMA_OK) {
            throw std::bad_alloc();
        }
    }
    XzUnpacker(const XzUnpacker&) = delete;
    XzUnpacker& operator=(const XzUnpacker&) = delete;
    ~XzUnpacker() override { ::lzma_end(&stream_); }

    Step step(std::span<const std::byte> in, std::span<std::byte> out, bool last) override {
        if (ended_) {
            return {};
        }
        // SAFETY: bytes seen as unsigned char.
        stream_.next_in = reinterpret_cast<const std::uint8_t*>(in.data());
        stream_.avail_in = in.size();
        // SAFETY: bytes seen as unsigned char.
        stream_.next_out = reinterpret_cast<std::uint8_t*>(out.data());
        stream_.avail_out = out.size();
        const lzma_ret code = ::lzma_code(&stream_, last ? LZMA_FINISH : LZMA_RUN);
        ended_ = code == LZMA_STREAM_END;
        if (code != LZMA_OK && code != LZMA_STREAM_END && (code != LZMA_BUF_ERROR || last)) {
            throw_lzma(code);
        }
        if (code == LZMA_OK && last && in.empty() && stream_.avail_out == out.size()) {
            throw_lzma(LZMA_BUF_ERROR);  // it would say so at the next call
        }
        return {in.size() - stream_.avail_in, out.size() - stream_.avail_out};
    }

  private:
    lzma_stream stream_ = LZMA_STREAM_INIT;
    bool ended_ = false;
};

}  // namespace

std::unique_ptr<Unpacker> make_xz_unpacker() {
    return std::make_unique<XzUnpacker>();
}

}  // namespace ovfkit
