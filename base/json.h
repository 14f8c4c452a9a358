// SPDX-License-Identifier: Apache-2.0
// The one door to JSON. Objects keep the order of insertion so that output is stable and readable.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace base {

using Json = nlohmann::ordered_json;

// Throws invalid_input naming `what` with the position.
Json parse_json(std::string_view text, std::string_view what);
// Bytes that are not UTF-8 are replaced, never thrown on.
std::string to_json_text(const Json& value, int indent = -1);

// Typed look-ups that name the key when it is missing or of another type.
std::string require_string(const Json& object, std::string_view key);
std::string string_or(const Json& object, std::string_view key, std::string fallback);

}  // namespace base
