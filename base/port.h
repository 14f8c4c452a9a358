// SPDX-License-Identifier: Apache-2.0
// TCP and UDP ports as people write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace base {

// Digits alone, 1 to 65535; nothing for any other text.
std::optional<std::uint16_t> find_port(std::string_view text);

}  // namespace base
