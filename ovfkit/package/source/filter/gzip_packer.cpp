// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/source/filter/gzip_packer.h"

#include <algorithm>
#include <limits>
#include <new>
#include <vector>

#include <zlib.h>

#include "base/byte_size.h"

namespace ovfkit {

namespace {

constexpr int kPackWindow = 15 + 16;
constexpr int kDeflateMemory = 8;  // zlib's default

class ZlibPacker : public GzipPacker {
  public:
    explicit ZlibPacker(base::ByteSink& target) : target_(target), output_(256 * base::kKiB) {
        if (::deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kPackWindow, kDeflateMemory,
                           Z_DEFAULT_STRATEGY) != Z_OK) {
            throw std::bad_alloc();
        }
    }
    ZlibPacker(const ZlibPacker&) = delete;
    ZlibPacker& operator=(const ZlibPacker&) = delete;
    ~ZlibPacker() override { ::deflateEnd(&stream_); }

    void write(std::span<const std::byte> data) override {
        while (!data.empty()) {
            const auto chunk =
                data.first(std::min<std::size_t>(data.size(), std::numeric_limits<uInt>::max()));
            // SAFETY: zlib reads through next_in and never writes; bytes seen as unsigned char.
            stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(chunk.data()));
            stream_.avail_in = static_cast<uInt>(chunk.size());
            run(Z_NO_FLUSH);
            data = data.subspan(chunk.size());
        }
    }

    void finish() override {
        stream_.avail_in = 0;
        run(Z_FINISH);
    }

  private:
    // Until zlib leaves room in the output: then it has taken everything.
    void run(int flush) {
        do {
            // SAFETY: bytes seen as unsigned char.
            stream_.next_out = reinterpret_cast<Bytef*>(output_.data());
            stream_.avail_out = static_cast<uInt>(output_.size());
            ::deflate(&stream_, flush);
            target_.write(std::span(output_).first(output_.size() - stream_.avail_out));
        } while (stream_.avail_out == 0);
    }

    base::ByteSink& target_;
    std::vector<std::byte> output_;
    z_stream stream_{};
};

}  // namespace

std::unique_ptr<GzipPacker> make_gzip_packer(base::ByteSink& target) {
    return std::make_unique<ZlibPacker>(target);
}

}  // namespace ovfkit
