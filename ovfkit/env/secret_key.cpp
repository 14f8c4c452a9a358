// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/env/secret_key.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace ovfkit {

bool is_secret_key(std::string_view key) {
    constexpr std::array<std::string_view, 10> kWords{
        "passw",      "passphrase", "pwd",    "secret",   "token",
        "credential", "privatekey", "apikey", "userdata", "pincode"};
    std::string plain;
    for (const char c : key) {
        if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
            plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        }
    }
    return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) {
        return plain.find(word) != std::string::npos;
    });
}

}  // namespace ovfkit
