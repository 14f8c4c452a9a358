// SPDX-License-Identifier: Apache-2.0
// Letter case of ASCII; other bytes stay, whatever the locale. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace base {

std::string to_lower(std::string_view text);

}  // namespace base
