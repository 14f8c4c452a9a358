// SPDX-License-Identifier: Apache-2.0
// Base64 with padding and without line breaks (RFC 4648, section 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace base {

std::string to_base64(std::string_view bytes);
// nullopt for anything that to_base64() does not give.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace base
