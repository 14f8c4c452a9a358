// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/filetree/path_walk.h"

#include <utility>
#include <vector>

namespace imagebuilder {

namespace {

constexpr int kMostLinks = 40;
constexpr std::size_t kLongestPath = 4096;
constexpr std::size_t kLongestName = 255;

// The parts of the path, last one first, behind those that are there.
void push_parts(std::string_view path, std::vector<std::string>& todo) {
    while (!path.empty()) {
        const std::size_t slash = path.rfind('/');
        const std::string_view part =
            slash == std::string_view::npos ? path : path.substr(slash + 1);
        if (!part.empty() && part != ".") {
            todo.emplace_back(part);
        }
        path = path.substr(0, slash == std::string_view::npos ? 0 : slash);
    }
}

bool is_walkable(std::string_view path) {
    return path.size() <= kLongestPath && path.find('\0') == std::string_view::npos;
}

}  // namespace

std::string join_plain(std::string_view folder, std::string_view name) {
    std::string path(folder == "/" ? "" : folder);
    path += '/';
    path += name;
    return path;
}

std::pair<std::string_view, std::string_view> split_plain(std::string_view plain) {
    const std::size_t slash = plain.rfind('/');
    return {plain.substr(0, slash == 0 ? 1 : slash), plain.substr(slash + 1)};
}

std::optional<WalkedPath> walk_path(std::string_view path, bool follow_last,
                                    const FindPlain& find_plain) {
    if (!is_walkable(path)) {
        return std::nullopt;
    }
    std::vector<std::string> todo;
    push_parts(path, todo);
    std::string plain = "/";
    std::optional<TreeEntry> entry;  // of `plain`; nullopt: not asked yet
    int links = 0;
    while (!todo.empty()) {
        if (entry && entry->type != TreeEntry::Type::directory) {
            return std::nullopt;
        }
        const std::string part = std::move(todo.back());
        todo.pop_back();
        if (part == "..") {
            plain = split_plain(plain).first;
            entry.reset();
            continue;
        }
        std::string next = join_plain(plain, part);
        if (part.size() > kLongestName || next.size() > kLongestPath) {
            return std::nullopt;
        }
        std::optional<TreeEntry> found = find_plain(next);
        if (!found) {
            return std::nullopt;
        }
        if (found->type == TreeEntry::Type::symlink && (follow_last || !todo.empty())) {
            if (++links > kMostLinks || found->link_target.empty() ||
                !is_walkable(found->link_target)) {
                return std::nullopt;
            }
            if (found->link_target.front() == '/') {
                plain = "/";
                entry.reset();
            }
            push_parts(found->link_target, todo);
            continue;
        }
        plain = std::move(next);
        entry = std::move(found);
    }
    if (!entry) {
        entry = find_plain(plain);
    }
    return entry ? std::optional(WalkedPath{std::move(plain), std::move(*entry)}) : std::nullopt;
}

}  // namespace imagebuilder
