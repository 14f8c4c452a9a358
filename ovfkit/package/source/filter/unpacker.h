// SPDX-License-Identifier: Apache-2.0
// Streaming decompression: one step of a foreign library behind one interface, and the source that
// drives it. Memory is bounded by the library's window (limits in the makers); what comes out is
// bounded by kExpansion, so that a few bytes cannot keep a reader busy for days. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/byte_size.h"
#include "base/stream.h"

namespace ovfkit {

class Unpacker {
  public:
    struct Step {
        std::size_t consumed = 0;
        std::size_t produced = 0;
    };
    virtual ~Unpacker() = default;
    // `last`: no more input follows. Throws invalid_input (a clause without the file's name) when
    // the data are damaged, or cut off when `last`. Neither consuming nor producing means the end.
    virtual Step step(std::span<const std::byte> in, std::span<std::byte> out, bool last) = 0;
};

std::unique_ptr<Unpacker> make_gzip_unpacker();  // RFC 1952, several members in a row
std::unique_ptr<Unpacker> make_xz_unpacker();    // several streams in a row; at most 256 MiB memory
std::unique_ptr<Unpacker> make_zstd_unpacker();  // several frames in a row; windows up to 128 MiB

std::unique_ptr<Unpacker> make_deflate_unpacker();  // RFC 1951, as zip archives hold it
std::uint32_t crc32_of(std::uint32_t so_far, std::span<const std::byte> data);  // as zip has it

class UnpackingSource : public base::ByteSource {
  public:
    UnpackingSource(std::unique_ptr<base::ByteSource> packed, std::unique_ptr<Unpacker> unpacker);
    std::size_t read(std::span<std::byte> buffer) override;
    const std::string& name() const override { return packed_->name(); }

    // Beyond kFreeBytes no more than this many bytes come out of one.
    static constexpr std::uint64_t kExpansion = 1100;
    static constexpr std::uint64_t kFreeBytes = base::kGiB;

  private:
    void refill();

    std::unique_ptr<base::ByteSource> packed_;
    std::unique_ptr<Unpacker> unpacker_;
    std::vector<std::byte> input_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    bool last_ = false;
    std::uint64_t taken_ = 0;
    std::uint64_t made_ = 0;
};

}  // namespace ovfkit
