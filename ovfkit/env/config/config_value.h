// SPDX-License-Identifier: Apache-2.0
// May a key of an image have this value? Asked when an image is built, when a package is made, and
// in the guest before a file is written.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ovfkit/env/config/config_schema.h"

namespace ovfkit {

// What is wrong, such as "is not a port (1 to 65535)"; nothing when it is right. Never quotes the
// value: it may be a password.
std::optional<std::string> find_config_fault(const ConfigKey& key, std::string_view value);

// What is wrong with the key itself: limits that cannot be, a pattern that is none, a default that
// does not fit.
std::optional<std::string> find_key_fault(const ConfigKey& key);

// A property without a value comes as an empty one. That counts as none, but for a text with a
// default, which can be emptied.
bool is_config_value(const ConfigKey& key, std::string_view value);

// In the unit of the limits: a number, bytes or milliseconds. Throws invalid_input.
std::int64_t parse_config_limit(ConfigType type, std::string_view text);

}  // namespace ovfkit
