// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/codec/gzip_sink.h"

#include <algorithm>
#include <limits>
#include <new>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <zlib.h>

#include "base/byte_size.h"
#include "base/error.h"

namespace ovfkit {

namespace {

constexpr int kGzipWindow = 15 + 16;  // the largest window, gzip framing only
constexpr std::size_t kOutputBytes = 256 * base::kKiB;

}  // namespace

struct GzipSink::State {
    State() : output(kOutputBytes) {
        if (::inflateInit2(&stream, kGzipWindow) != Z_OK) {
            throw std::bad_alloc();
        }
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() { ::inflateEnd(&stream); }

    z_stream stream{};
    std::vector<std::byte> output;
    bool member_open = true;  // inside a gzip member, or before the first
};

GzipSink::GzipSink(base::ByteSink& target, std::string name)
    : state_(std::make_unique<State>()), target_(target), name_(std::move(name)) {
}

GzipSink::~GzipSink() = default;

void GzipSink::write(std::span<const std::byte> data) {
    z_stream& stream = state_->stream;
    while (!data.empty()) {
        if (!state_->member_open) {
            ::inflateReset(&stream);
            state_->member_open = true;
        }
        const auto chunk =
            data.first(std::min<std::size_t>(data.size(), std::numeric_limits<uInt>::max()));
        // SAFETY: zlib reads through next_in and never writes; bytes seen as unsigned char.
        stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(chunk.data()));
        stream.avail_in = static_cast<uInt>(chunk.size());
        int result = Z_OK;
        do {
            // SAFETY: bytes seen as unsigned char.
            stream.next_out = reinterpret_cast<Bytef*>(state_->output.data());
            stream.avail_out = static_cast<uInt>(state_->output.size());
            result = ::inflate(&stream, Z_NO_FLUSH);
            if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
                throw base::Error(base::ErrorKind::invalid_input,
                                  fmt::format("gzip data of '{}' are damaged", name_),
                                  "get the file again and compare its digest");
            }
            target_.write(
                std::span(state_->output).first(state_->output.size() - stream.avail_out));
        } while (result == Z_OK && stream.avail_out == 0);
        state_->member_open = result != Z_STREAM_END;
        data = data.subspan(chunk.size() - stream.avail_in);
    }
}

void GzipSink::finish() {
    if (state_->member_open) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("gzip data of '{}' end too early", name_),
                          "get the file again and compare its digest");
    }
}

}  // namespace ovfkit
