// SPDX-License-Identifier: Apache-2.0
#include "base/port.h"

#include <string>

namespace base {

std::optional<std::uint16_t> find_port(std::string_view text) {
    if (text.empty() || text.size() > 5 ||
        text.find_first_not_of("0123456789") != std::string_view::npos) {
        return std::nullopt;
    }
    const int number = std::stoi(std::string(text));
    return number >= 1 && number <= 65535 ? std::optional(static_cast<std::uint16_t>(number))
                                          : std::nullopt;
}

}  // namespace base
