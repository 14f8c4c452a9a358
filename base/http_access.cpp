// SPDX-License-Identifier: Apache-2.0
#include "base/http_access.h"

#include <algorithm>
#include <array>

namespace base {

namespace {

constexpr std::uint64_t kWorthReading = 64U << 10U;  // less than a new request costs

}  // namespace

std::size_t HttpAccess::read_at(std::uint64_t offset, std::span<std::byte> buffer) {
    if (offset >= size() || buffer.empty()) {
        return 0;
    }
    move_to(offset);
    const std::size_t got = source_->read(buffer);
    position_ += got;
    return got;
}

void HttpAccess::move_to(std::uint64_t offset) {
    if (offset < position_ || offset - position_ > kWorthReading) {
        source_ = source_->reopened(offset);
        position_ = offset;
        return;
    }
    std::array<std::byte, 4096> passed{};
    while (position_ < offset) {
        const std::size_t got = source_->read(
            std::span(passed).first(std::min<std::uint64_t>(passed.size(), offset - position_)));
        if (got == 0) {
            return;  // the next read says so
        }
        position_ += got;
    }
}

}  // namespace base
