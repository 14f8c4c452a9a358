// SPDX-License-Identifier: Apache-2.0
// Changes of a Windows registry as Regedit writes them (.reg, version 5 and REGEDIT4; UTF-8 or
// UTF-16), as plain values, and as what hivexregedit takes for one hive. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace imagebuilder {

struct RegistryValue {
    std::string name;        // UTF-8; empty: the key's default value
    std::uint32_t type = 0;  // 1 REG_SZ, 3 REG_BINARY, 4 REG_DWORD, …
    std::string bytes;       // as a hive has them: strings are UTF-16LE with their end
    bool remove = false;
};

struct RegistryKey {
    std::string hive;               // "SOFTWARE", "SYSTEM", "SAM", "SECURITY", "DEFAULT"
    std::vector<std::string> path;  // below it: {"Microsoft", "Windows"}
    bool remove = false;            // with all that is in it
    std::vector<RegistryValue> values;
};

// Keys in the order of the file. Throws invalid_input with the line, unsupported for hives of users
// and for what is in no file.
std::vector<RegistryKey> parse_reg_file(std::string_view bytes, const std::string& name);

// Those of one hive, as text with the hive's root as "\"; parents come before their keys.
// `control_set` stands for CurrentControlSet of SYSTEM ("ControlSet001").
std::string hive_changes(const std::vector<RegistryKey>& keys, std::string_view hive,
                         const std::string& control_set);

// A text as UTF-8, whichever of the three encodings it has. Throws invalid_input.
std::string reg_text_as_utf8(std::string_view bytes, const std::string& name);

}  // namespace imagebuilder
