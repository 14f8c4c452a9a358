// SPDX-License-Identifier: Apache-2.0
// zlib's streaming inflate: gzip for whole archives, raw deflate for members of zip archives.
#include <algorithm>
#include <limits>
#include <new>

#include <zlib.h>

#include "base/error.h"
#include "ovfkit/package/source/filter/unpacker.h"

namespace ovfkit {

namespace {

constexpr int kGzipWindow = 15 + 16;  // the largest window, gzip framing only
constexpr int kRawWindow = -15;       // deflate without any framing
constexpr std::size_t kMaxChunk = std::numeric_limits<uInt>::max();

struct InflateStep {
    int result = Z_OK;
    Unpacker::Step step;
};

InflateStep inflate_some(z_stream& stream, std::span<const std::byte> in,
                         std::span<std::byte> out) {
    const auto given = in.first(std::min(in.size(), kMaxChunk));
    const auto room = out.first(std::min(out.size(), kMaxChunk));
    // SAFETY: zlib reads through next_in and never writes; bytes seen as unsigned char.
    stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(given.data()));
    stream.avail_in = static_cast<uInt>(given.size());
    // SAFETY: bytes seen as unsigned char.
    stream.next_out = reinterpret_cast<Bytef*>(room.data());
    stream.avail_out = static_cast<uInt>(room.size());
    const int result = ::inflate(&stream, Z_NO_FLUSH);
    return {result, {given.size() - stream.avail_in, room.size() - stream.avail_out}};
}

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
        const InflateStep done = inflate_some(stream_, in, out);
        const int result = done.result;
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
            throw base::Error(base::ErrorKind::invalid_input, "its gzip data are damaged",
                              "get the file from its maker again");
        }
        member_open_ = result != Z_STREAM_END;
        return done.step;
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

namespace {

// One raw deflate stream; what follows its end is not consumed.
class DeflateUnpacker : public Unpacker {
  public:
    DeflateUnpacker() {
        if (::inflateInit2(&stream_, kRawWindow) != Z_OK) {
            throw std::bad_alloc();
        }
    }
    DeflateUnpacker(const DeflateUnpacker&) = delete;
    DeflateUnpacker& operator=(const DeflateUnpacker&) = delete;
    ~DeflateUnpacker() override { ::inflateEnd(&stream_); }

    Step step(std::span<const std::byte> in, std::span<std::byte> out, bool last) override {
        if (ended_) {
            return {};
        }
        const InflateStep done = inflate_some(stream_, in, out);
        if (done.result != Z_OK && done.result != Z_STREAM_END && done.result != Z_BUF_ERROR) {
            throw base::Error(base::ErrorKind::invalid_input, "its deflate data are damaged",
                              "get the file from its maker again");
        }
        ended_ = done.result == Z_STREAM_END;
        if (!ended_ && last && in.empty() && done.step.produced == 0) {
            throw base::Error(base::ErrorKind::invalid_input, "its deflate data end too early",
                              "get the file from its maker again");
        }
        return done.step;
    }

  private:
    z_stream stream_{};
    bool ended_ = false;
};

}  // namespace

std::unique_ptr<Unpacker> make_deflate_unpacker() {
    return std::make_unique<DeflateUnpacker>();
}

std::uint32_t crc32_of(std::uint32_t so_far, std::span<const std::byte> data) {
    // SAFETY: bytes seen as unsigned char.
    return static_cast<std::uint32_t>(
        ::crc32_z(so_far, reinterpret_cast<const Bytef*>(data.data()), data.size()));
}

std::unique_ptr<Unpacker> make_gzip_unpacker() {
    return std::make_unique<GzipUnpacker>();
}

}  // namespace ovfkit
