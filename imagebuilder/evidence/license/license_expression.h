// SPDX-License-Identifier: Apache-2.0
// What stands behind "License:" in a copyright file ("GPL-1+ or Artistic, and Expat") as a tree of
// names, and the rules by which such trees become expressions of SPDX 2.3, annex D. Pure functions.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace imagebuilder {

struct LicenseTree {
    enum class Kind { name, all, any };
    Kind kind = Kind::name;
    std::string name;                // "GPL-2+ with OpenSSL exception"; blanks are single
    std::vector<LicenseTree> parts;  // of all and any: two or more
};

// "and" binds closer than "or", both closer than those behind a comma (copyright format 1.0);
// parentheses group. nullopt: no names, but prose or nothing.
std::optional<LicenseTree> parse_license_names(std::string_view text);

// The licence and the exception of "GPL-2+ with OpenSSL exception", also with hyphens between.
struct LicenseWithException {
    std::string license;
    std::string exception;
};
std::optional<LicenseWithException> split_exception(std::string_view name);

// What holds at the same time, each an expression: those of "any" in parentheses. `term_of` gives
// the SPDX term of a name: an id, with an exception or not, or a LicenseRef. Sorted, none twice.
using TermOf = std::function<std::string(const std::string& name)>;
std::vector<std::string> license_terms(const LicenseTree& tree, const TermOf& term_of);

// The terms as one expression: "GPL-2.0-or-later AND (Artistic-2.0 OR MIT)"; empty for none.
std::string join_license_terms(const std::vector<std::string>& terms);

}  // namespace imagebuilder
