// SPDX-License-Identifier: Apache-2.0
// Which packages every Debian system has: required, important and essential ones, and all that
// these need. The others are there because somebody chose them, or for those.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace assembler::introspect {

struct PackageNeeds {
    std::string name;
    std::string depends;   // of Pre-Depends and Depends, as dpkg writes them
    std::string provides;  // names that it stands for
    bool seed = false;     // required, important or essential
};

// The indices of the base packages.
std::vector<std::size_t> find_base_packages(const std::vector<PackageNeeds>& packages);

}  // namespace assembler::introspect
