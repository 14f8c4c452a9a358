// SPDX-License-Identifier: Apache-2.0
// zlib's streaming inflate for whole archives.
#include <algorithm>
#include <limits>
#include <new>

#include <zlib.h>

#include "base/error.h"
#include "ovfkit/package/source/filter/unpacker.h"

namespace ovfkit {

namespace {

constexpr int kGzipWindow = 15 + 16;  // the largest window, gzip framing only
constexpr std::size_t kMaxChunk = std::numeric_limits<uInt>::max();

class GzipUnpacker : public Unpacker {
  public:
    GzipUnpacker() {
        if (::inflateInit2(&stream_, kGzipWindow) != Z_OK) {
            throw std::bad_alloc();
        }
    }
    GzipUnpacker(const GzipUnpacker&) = delete;
    GzipUnpacker& operator=(const GzipUnpacker&) = delete;
    ~GzipUnpacker() override { ::inflateEnd(&stream_); }

    Step step(std::span<const std::byte> in, std::span<std::byte> out, bool last) override {
        if (!member_open_) {
            if (in.empty()) {
                return {};
            }
            if (padded_ || in.front() == std::byte{0}) {
                return skip_padding(in);
            }
            ::inflateReset(&stream_);
            member_open_ = true;
        }
        if (in.empty() && last) {
            throw base::Error(base::ErrorKind::invalid_input, "its gzip data end too early",
                              "the file is cut off: copy or download it again");
        }
        const auto given = in.first(std::min(in.size(), kMaxChunk));
        const auto room = out.first(std::min(out.size(), kMaxChunk));
        // SAFETY: zlib reads through next_in and never writes; bytes seen as unsigned char.
        stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(given.data()));
        stream_.avail_in = static_cast<uInt>(given.size());
        // SAFETY: bytes seen as unsigned char.
        stream_.next_out = reinterpret_cast<Bytef*>(room.data());
        stream_.avail_out = static_cast<uInt>(room.size());
        const int result = ::inflate(&stream_, Z_NO_FLUSH);
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
            throw base::Error(base::ErrorKind::invalid_input, "its gzip data are damaged",
                              "get the file from its maker again");
        }
        member_open_ = result != Z_STREAM_END;
        return {given.size() - stream_.avail_in, room.size() - stream_.avail_out};
    }

  private:
    // Zeros fill up the last block of a tape or a copy with dd; nothing else may follow.
    Step skip_padding(std::span<const std::byte> in) {
        padded_ = true;
        if (std::any_of(in.begin(), in.end(), [](std::byte b) { return b != std::byte{0}; })) {
            throw base::Error(base::ErrorKind::invalid_input,
                              "something that is no gzip data follows its gzip data",
                              "get the file from its maker again");
        }
        return {in.size(), 0};
    }

    z_stream stream_{};
    bool member_open_ = true;
    bool padded_ = false;
};

}  // namespace

std::unique_ptr<Unpacker> make_gzip_unpacker() {
    return std::make_unique<GzipUnpacker>();
}

}  // namespace ovfkit
