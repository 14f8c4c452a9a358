// SPDX-License-Identifier: Apache-2.0
// Secrets in a text: private keys, hashes of passwords, passwords in connection URLs and in lines
// such as "db_password = …", access keys of clouds. Placeholders and references are none. Linear in
// the text; pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace assembler::introspect {

struct FoundSecret {
    std::string what;
    std::string value;
    int line = 0;
    int column = 0;  // 1-based
    int length = 0;  // on this line
    double confidence = 1.0;
};

std::vector<FoundSecret> scan_for_secrets(std::string_view text);

// "DB_PASSWORD", "secretKey": what it is called says that the value is a secret.
bool is_secret_name(std::string_view name);

// The text with "***" for each secret in it, also those of command lines ("--password x").
std::string masked(std::string_view text);

}  // namespace assembler::introspect
