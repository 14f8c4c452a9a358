// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/system/packages/base_packages.h"

#include <algorithm>
#include <unordered_map>

#include "assembler/introspect/system/text.h"

namespace assembler::introspect {

namespace {

// "libc6" of " libc6:any (>= 2.36)"
std::string_view name_of_relation(std::string_view relation) {
    relation.remove_prefix(std::min(relation.find_first_not_of(" \t\n"), relation.size()));
    return relation.substr(0, relation.find_first_of(" \t\n(:["));
}

}  // namespace

std::vector<std::size_t> find_base_packages(const std::vector<PackageNeeds>& packages) {
    std::unordered_map<std::string_view, std::size_t> by_name;
    for (std::size_t i = 0; i < packages.size(); ++i) {
        by_name.try_emplace(packages[i].name, i);
    }
    for (std::size_t i = 0; i < packages.size(); ++i) {
        for (const std::string_view provided : split(packages[i].provides, ',')) {
            by_name.try_emplace(name_of_relation(provided), i);
        }
    }
    by_name.erase("");  // of empty fields
    std::vector<bool> is_base(packages.size(), false);
    std::vector<std::size_t> base;
    const auto add = [&](std::size_t package) {
        if (!is_base[package]) {
            is_base[package] = true;
            base.push_back(package);
        }
    };
    for (std::size_t i = 0; i < packages.size(); ++i) {
        if (packages[i].seed) {
            add(i);
        }
    }
    for (std::size_t next = 0; next < base.size(); ++next) {  // grows meanwhile
        for (const std::string_view group : split(packages[base[next]].depends, ',')) {
            for (const std::string_view alternative : split(group, '|')) {
                const auto found = by_name.find(name_of_relation(alternative));
                if (found != by_name.end()) {
                    add(found->second);
                    break;  // of alternatives the first that is there
                }
            }
        }
    }
    return base;
}

}  // namespace assembler::introspect
