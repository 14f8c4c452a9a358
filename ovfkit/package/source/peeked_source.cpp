// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/source/peeked_source.h"

#include <algorithm>
#include <span>

namespace ovfkit {

std::string peek_at(base::ByteSource& source, std::size_t count) {
    std::string start(count, '\0');
    const auto buffer = std::as_writable_bytes(std::span(start));
    std::size_t have = 0;
    if (const int fd = source.seekable_fd(); fd >= 0) {
        have = base::pread_some(fd, buffer, 0, source.name());
    } else {
        while (have < buffer.size()) {
            const std::size_t got = source.read(buffer.subspan(have));
            if (got == 0) {
                break;
            }
            have += got;
        }
    }
    start.resize(have);
    return start;
}

std::size_t PeekedSource::read(std::span<std::byte> buffer) {
    if (taken_ == start_.size()) {
        return rest_.read(buffer);
    }
    const auto left = base::as_bytes(start_).subspan(taken_);
    const std::size_t count = std::min(buffer.size(), left.size());
    std::copy_n(left.begin(), count, buffer.begin());
    taken_ += count;
    return count;
}

}  // namespace ovfkit
