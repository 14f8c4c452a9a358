// SPDX-License-Identifier: Apache-2.0
// What prose says about its licence, where it says no more than that.
#include <algorithm>
#include <array>
#include <set>

#include "base/letter_case.h"
#include "imagebuilder/evidence/license/copyright_file.h"
#include "imagebuilder/evidence/license/license_id.h"

namespace imagebuilder {

namespace {

constexpr std::size_t kMostProseBytes = 16384;
constexpr std::string_view kFolder = "/usr/share/common-licenses/";

// Words of other licences and of exceptions: where one of them stands there is more than a notice.
// In brackets: names in the folder for which it belongs to the notice.
struct OtherWord {
    std::string_view word;
    std::string_view own;  // prefix of such names; empty: none
};
constexpr std::array kOtherWords{
    OtherWord{"apache", "Apache"},
    OtherWord{"artistic", "Artistic"},
    OtherWord{"boost software", ""},
    OtherWord{"bsd", ""},
    OtherWord{"cc-by", ""},
    OtherWord{"cc0", "CC0"},
    OtherWord{"copying and distribution of this file", ""},
    OtherWord{"creative commons", "CC0"},
    OtherWord{"documentation license", "GFDL"},
    OtherWord{" dual", ""},
    OtherWord{"except", ""},
    OtherWord{"gfdl", "GFDL"},
    OtherWord{"gnu affero", ""},
    OtherWord{"gnu general public license", "GPL"},
    OtherWord{"gnu gpl", "GPL"},
    OtherWord{"lesser general public", "LGPL"},
    OtherWord{"lgpl", "LGPL"},
    OtherWord{"library general public", "LGPL"},
    OtherWord{"mit license", ""},
    OtherWord{"mit/x", ""},
    OtherWord{"mozilla", "MPL"},
    OtherWord{"openssl", ""},
    OtherWord{"other files", ""},
    OtherWord{"permission is", ""},
    OtherWord{"permission to", ""},
    OtherWord{"public domain", ""},
    OtherWord{"public-domain", ""},
    OtherWord{"redistribution and use", ""},
    OtherWord{"redistributions", ""},
    OtherWord{"some files", ""},
    OtherWord{"the following license", ""},
    OtherWord{"x consortium", ""},
    OtherWord{"zlib", ""},
};

// In lower case, every run of blanks, line ends and marks of comments as one blank.
std::string flattened(std::string_view text) {
    std::string flat;
    for (const char c : base::to_lower(text)) {
        const bool is_gap = c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '*' || c == '#';
        if (!is_gap) {
            flat += c;
        } else if (!flat.empty() && flat.back() != ' ') {
            flat += ' ';
        }
    }
    return flat;
}

// Names in the folder that the text points to.
std::set<std::string> common_names_in(std::string_view text) {
    std::set<std::string> names;
    for (std::size_t at = text.find(kFolder); at != std::string_view::npos;
         at = text.find(kFolder, at + 1)) {
        const std::string_view rest = text.substr(at + kFolder.size());
        const std::size_t end = rest.find_first_not_of(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
            "0123456789.-");
        std::string name(rest.substr(0, end));
        while (name.ends_with('.') || name.ends_with('-')) {
            name.pop_back();
        }
        names.insert(name);
    }
    return names;
}

bool says_more(const std::string& flat, std::string_view common) {
    return std::any_of(kOtherWords.begin(), kOtherWords.end(), [&](const OtherWord& other) {
        const bool is_own = !other.own.empty() && common.starts_with(other.own);
        return !is_own && flat.find(other.word) != std::string::npos;
    });
}

// The versions that follow `mark`: "version 2.1", "gpl v2".
void add_versions(const std::string& flat, std::string_view mark, std::set<std::string>& versions) {
    for (std::size_t at = flat.find(mark); at != std::string::npos; at = flat.find(mark, at + 1)) {
        std::string_view number = std::string_view(flat).substr(at + mark.size());
        number = number.substr(0, number.find_first_not_of("0123456789."));
        while (number.ends_with('.')) {
            number.remove_suffix(1);
        }
        if (!number.empty()) {
            versions.insert(
                std::string(number.ends_with(".0") ? number.substr(0, number.size() - 2) : number));
        }
    }
}

// "GPL-2.0-or-later" of a notice that points to "GPL-2" or to "GPL"; `family` is "GPL".
std::optional<std::string> versioned(const std::string& flat, const std::string& family,
                                     std::string_view version_of_name) {
    std::set<std::string> versions;
    for (const std::string_view mark : {"version ", "versions ", "license v", "gpl v", "gplv"}) {
        add_versions(flat, mark, versions);
    }
    if (versions.size() != 1 ||
        (!version_of_name.empty() && *versions.begin() != version_of_name)) {
        return std::nullopt;  // none, several, or another than that it points to
    }
    const bool later = flat.find("any later version") != std::string::npos ||
                       flat.find("or later") != std::string::npos ||
                       flat.find("or newer") != std::string::npos;
    if (!later && flat.find("later") != std::string::npos) {
        return std::nullopt;  // in words of its own
    }
    return find_spdx_license(family + "-" + *versions.begin() + (later ? "+" : ""));
}

}  // namespace

std::optional<std::string> find_common_license(std::string_view text) {
    if (text.size() > kMostProseBytes) {
        return std::nullopt;
    }
    const std::set<std::string> names = common_names_in(text);
    const std::string flat = flattened(text);
    if (names.size() != 1 || says_more(flat, *names.begin())) {
        return std::nullopt;
    }
    const std::string& name = *names.begin();
    for (const std::string family : {"GPL", "LGPL"}) {
        if (name == family || name.starts_with(family + "-")) {
            return versioned(
                flat, family,
                std::string_view(name).substr(std::min(family.size() + 1, name.size())));
        }
    }
    const bool has_one_meaning = name == "Apache-2.0" || name == "Artistic" || name == "CC0-1.0" ||
                                 name == "MPL-1.1" || name == "MPL-2.0";
    return has_one_meaning ? find_spdx_license(name) : std::nullopt;
}

}  // namespace imagebuilder
