// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/compose/tree_filter.h"

#include <fnmatch.h>
#include <algorithm>

namespace imagebuilder {

namespace {

// The part before the first wildcard.
std::string_view literal_part(std::string_view pattern) {
    return pattern.substr(0, std::min(pattern.find('*'), pattern.size()));
}

// So many of the first folders and names of `path` as the pattern has.
std::string_view first_parts(std::string_view path, std::string_view pattern) {
    auto slashes = std::count(pattern.begin(), pattern.end(), '/');
    for (std::size_t i = 0; i < path.size(); ++i) {
        if (path[i] == '/' && slashes-- == 0) {
            return path.substr(0, i);
        }
    }
    return path;
}

// The path or one of its folders.
bool is_in(const std::set<std::string>& places, std::string_view path) {
    while (!places.empty() && !path.empty()) {
        if (places.contains(std::string(path))) {
            return true;
        }
        const std::size_t slash = path.rfind('/');
        path = path.substr(0, slash == std::string_view::npos ? 0 : slash);
    }
    return false;
}

bool is_file(const FileEntry& entry) {
    return entry.type == FileEntry::Type::file || entry.type == FileEntry::Type::hard_link;
}

}  // namespace

bool matches_path(std::string_view pattern, std::string_view path) {
    if (!path.starts_with(literal_part(pattern))) {
        return false;
    }
    return ::fnmatch(std::string(pattern).c_str(), std::string(path).c_str(),
                     FNM_PATHNAME | FNM_PERIOD | FNM_NOESCAPE) == 0;
}

TreeFilter::TreeFilter(bool seal, std::set<std::string> replaced, std::set<std::string> removed)
    : seal_(seal),
      replaced_(std::move(replaced)),
      removed_(std::move(removed)),
      rules_(kCleanRules.begin(), kCleanRules.end()) {
    if (seal) {
        rules_.insert(rules_.end(), kSealRules.begin(), kSealRules.end());
    }
    for (const TreeRule& rule : rules_) {
        if (rule.what == What::empty) {
            to_make_.emplace(rule.pattern);
        }
    }
}

bool TreeFilter::is_removed(const FileEntry& entry) const {
    const std::string_view path = entry.path;
    // Nodes are made by the kernel at boot.
    if (path.starts_with("dev/") || (replaced_.contains(entry.path)) || is_in(removed_, path)) {
        return true;
    }
    return std::any_of(rules_.begin(), rules_.end(), [&](const TreeRule& rule) {
        switch (rule.what) {
            case What::remove: return matches_path(rule.pattern, first_parts(path, rule.pattern));
            case What::remove_files:
                return is_file(entry) && path.size() > rule.pattern.size() &&
                       path.starts_with(rule.pattern) && path[rule.pattern.size()] == '/';
            case What::root_owned:
            case What::empty: return false;
        }
        return false;
    });
}

bool TreeFilter::admit(FileEntry& entry) {
    if (is_removed(entry)) {
        return false;
    }
    for (const TreeRule& rule : rules_) {
        if (rule.what == What::root_owned && entry.path == rule.pattern) {
            entry.uid = entry.gid = 0;
        }
    }
    if (to_make_.erase(entry.path) != 0 && is_file(entry)) {
        entry.type = FileEntry::Type::file;
        entry.size = 0;
    }
    if (seal_ && entry.type != FileEntry::Type::symlink &&
        std::any_of(kIdentities.begin(), kIdentities.end(),
                    [&](std::string_view pattern) { return matches_path(pattern, entry.path); })) {
        identities_.push_back("/" + entry.path);
    }
    return true;
}

std::vector<std::string> TreeFilter::files_to_make() const {
    return {to_make_.begin(), to_make_.end()};
}

}  // namespace imagebuilder
