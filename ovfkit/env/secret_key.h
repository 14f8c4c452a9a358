// SPDX-License-Identifier: Apache-2.0
// An environment document does not say which of its values are secret. This tells by the key, for
// people who look at one: passwords, tokens, private keys, and user data, which carry such things.
#pragma once

#include <string_view>

namespace ovfkit {

bool is_secret_key(std::string_view key);

}  // namespace ovfkit
