// SPDX-License-Identifier: Apache-2.0
// A Debian package's copyright file: the machine-readable form (copyright format 1.0, DEP 5) as a
// value, and what is certain about files that are plain prose. Texts are a stranger's: any bytes
// are read as far as they make sense. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace imagebuilder {

// One License field: the names in its first line, and the lines below it.
struct LicenseField {
    std::string names;  // may be empty
    std::string text;   // without the blanks and dots of the format; may be empty
};

struct CopyrightFile {
    std::vector<LicenseField> of_files;  // each once; of the header when no Files stanza is there
    std::vector<LicenseField> texts;     // stanzas with a name and its text alone
    bool is_whole = true;                // false: a Files stanza has no licence
};

inline constexpr std::size_t kMostCopyrightStanzas = 20000;

// nullopt: not in that form, or with more stanzas than kMostCopyrightStanzas.
std::optional<CopyrightFile> parse_copyright_file(std::string_view text);

// The licence of a file that is prose, as an SPDX id: when the one thing in it is the common notice
// of a licence in /usr/share/common-licenses that it points to. nullopt: there is more to it.
std::optional<std::string> find_common_license(std::string_view text);

}  // namespace imagebuilder
