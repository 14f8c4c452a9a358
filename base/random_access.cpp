// SPDX-License-Identifier: Apache-2.0
#include "base/random_access.h"

#include <fmt/format.h>

#include "base/error.h"

namespace base {

void read_exactly_at(RandomAccess& access, std::uint64_t offset, std::span<std::byte> buffer) {
    while (!buffer.empty()) {
        const std::size_t got = access.read_at(offset, buffer);
        if (got == 0) {
            throw Error(ErrorKind::invalid_input,
                        fmt::format("'{}' ends too early", access.name()));
        }
        offset += got;
        buffer = buffer.subspan(got);
    }
}

}  // namespace base
