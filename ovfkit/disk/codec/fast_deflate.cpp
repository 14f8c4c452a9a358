// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/codec/fast_deflate.h"

#include <cassert>
#include <cstdint>
#include <vector>

#include <isa-l/igzip_lib.h>

#include "base/error.h"

namespace ovfkit {

namespace {

constexpr std::uint32_t kLevel = 1;  // 0 shrinks too little, 2 and 3 cost more than they save
constexpr std::size_t kStoredBlock = 65535;

}  // namespace

struct FastDeflater::State {
    isal_zstream stream{};
    std::vector<std::uint8_t> work = std::vector<std::uint8_t>(ISAL_DEF_LVL1_DEFAULT);
};

FastDeflater::FastDeflater() : state_(std::make_unique<State>()) {
}
FastDeflater::FastDeflater(FastDeflater&&) noexcept = default;
FastDeflater& FastDeflater::operator=(FastDeflater&&) noexcept = default;
FastDeflater::~FastDeflater() = default;

// Stored blocks at worst, and the framing of zlib.
std::size_t FastDeflater::zlib_bound(std::size_t size) {
    return size + (size / kStoredBlock + 2) * 5 + 64;
}

std::size_t FastDeflater::zlib(std::span<const std::byte> in, std::span<std::byte> out) const {
    assert(out.size() >= zlib_bound(in.size()));
    isal_zstream& stream = state_->stream;
    isal_deflate_stateless_init(&stream);
    stream.level = kLevel;
    stream.level_buf = state_->work.data();
    stream.level_buf_size = static_cast<std::uint32_t>(state_->work.size());
    stream.gzip_flag = IGZIP_ZLIB;
    stream.end_of_stream = 1;
    stream.flush = NO_FLUSH;
    // SAFETY: ISA-L reads through next_in and never writes; bytes seen as unsigned char.
    stream.next_in = const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(in.data()));
    stream.avail_in = static_cast<std::uint32_t>(in.size());
    stream.next_out = reinterpret_cast<std::uint8_t*>(out.data());  // SAFETY: as above
    stream.avail_out = static_cast<std::uint32_t>(out.size());
    if (isal_deflate_stateless(&stream) != COMP_OK || stream.avail_in != 0) {
        base::unreachable("ISA-L did not deflate a block");
    }
    return out.size() - stream.avail_out;
}

}  // namespace ovfkit
