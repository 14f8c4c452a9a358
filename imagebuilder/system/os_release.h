// SPDX-License-Identifier: Apache-2.0
// os-release(5): keys and values of a text, quotes taken off. Nothing else is checked: whoever uses
// a value for more than showing it looks at its characters. Pure.
#pragma once

#include <string>
#include <string_view>

namespace imagebuilder {

// Empty: not given. Of a key that is given twice the last one counts.
struct OsReleaseFields {
    std::string id;           // ID: "debian"
    std::string version_id;   // "12"
    std::string code_name;    // VERSION_CODENAME: "bookworm"
    std::string pretty_name;  // "Debian GNU/Linux 12 (bookworm)"
    int id_line = 0;          // 1-based; 0: there is no ID
};
OsReleaseFields read_os_release(std::string_view text);

}  // namespace imagebuilder
