// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/source/filter/unpacker.h"

#include <fmt/format.h>

#include "base/error.h"
#include "ovfkit/package/tar/member_name.h"

namespace ovfkit {

namespace {

constexpr std::size_t kInput = 256 * base::kKiB;

}  // namespace

UnpackingSource::UnpackingSource(std::unique_ptr<base::ByteSource> packed,
                                 std::unique_ptr<Unpacker> unpacker)
    : packed_(std::move(packed)), unpacker_(std::move(unpacker)), input_(kInput) {
}

void UnpackingSource::refill() {
    if (begin_ == end_ && !last_) {
        begin_ = 0;
        end_ = packed_->read(input_);
        last_ = end_ == 0;
    }
}

std::size_t UnpackingSource::read(std::span<std::byte> buffer) {
    while (!buffer.empty()) {
        refill();
        const auto in = std::span(input_).subspan(begin_, end_ - begin_);
        const Unpacker::Step step = base::in_context(
            quoted_source(name()), [&] { return unpacker_->step(in, buffer, last_); });
        begin_ += step.consumed;
        taken_ += step.consumed;
        made_ += step.produced;
        if (made_ > kFreeBytes && made_ / kExpansion > taken_) {
            throw base::Error(base::ErrorKind::invalid_input,
                              fmt::format("{}: it unpacks to more than {} times its size",
                                          quoted_source(name()), kExpansion),
                              "do not trust this file: real packages do not shrink that much");
        }
        if (step.produced > 0) {
            return step.produced;
        }
        if (last_ && step.consumed == 0) {
            return 0;
        }
    }
    return 0;
}

}  // namespace ovfkit
