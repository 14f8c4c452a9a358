// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/zero_test.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace ovfkit {

bool is_all_zero(std::span<const std::byte> bytes) {
    std::array<std::uint64_t, 32> words{};
    while (bytes.size() >= sizeof(words)) {
        std::memcpy(words.data(), bytes.data(), sizeof(words));
        std::uint64_t any = 0;
        for (const std::uint64_t word : words) {
            any |= word;
        }
        if (any != 0) {
            return false;
        }
        bytes = bytes.subspan(sizeof(words));
    }
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

}  // namespace ovfkit
