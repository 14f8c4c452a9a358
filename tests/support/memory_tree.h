// SPDX-License-Identifier: Apache-2.0
// A machine's files in memory, for tests and fuzzing of what reads a FileTree. Folders above an
// entry are made with it; links are followed inside the tree only, as FileTree says.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "imagebuilder/filetree/file_tree.h"

namespace tests {

class MemoryTree : public imagebuilder::FileTree {
  public:
    using Entry = imagebuilder::TreeEntry;

    explicit MemoryTree(std::string name = "memory") : name_(std::move(name)) {
        nodes_["/"].entry = {.type = Entry::Type::directory, .permissions = 0755};
    }

    MemoryTree& file(std::string_view path, std::string content, std::uint32_t permissions = 0644) {
        const auto size = content.size();
        return put(path, {.type = Entry::Type::file, .permissions = permissions, .size = size},
                   std::move(content));
    }
    MemoryTree& link(std::string_view path, std::string target) {
        return put(
            path,
            {.type = Entry::Type::symlink, .permissions = 0777, .link_target = std::move(target)});
    }
    MemoryTree& folder(std::string_view path) {
        return put(path, {.type = Entry::Type::directory, .permissions = 0755});
    }
    // An entry of any kind and owner.
    MemoryTree& put(std::string_view path, Entry entry, std::string content = "") {
        std::string at = "/";
        const std::vector<std::string> parts = parts_of(path);
        for (std::size_t i = 0; i < parts.size(); ++i) {
            at += (at == "/" ? "" : "/") + parts[i];
            if (i + 1 < parts.size()) {
                nodes_.try_emplace(
                    at,
                    Node{{.name = parts[i], .type = Entry::Type::directory, .permissions = 0755},
                         ""});
            } else {
                entry.name = parts[i];
                nodes_[at] = Node{std::move(entry), std::move(content)};
            }
        }
        return *this;
    }

    const std::string& name() const override { return name_; }

    std::optional<Entry> find(std::string_view path) const override {
        const auto at = walk(path, false);
        return at ? std::optional(nodes_.at(*at).entry) : std::nullopt;
    }

    std::optional<std::string> resolve(std::string_view path) const override {
        return walk(path, true);
    }

    std::vector<Entry> list(std::string_view path) const override {
        std::vector<Entry> entries;
        const auto at = walk(path, true);
        if (!at || nodes_.at(*at).entry.type != Entry::Type::directory) {
            return entries;
        }
        const std::string prefix = *at == "/" ? "/" : *at + "/";
        for (auto it = nodes_.lower_bound(prefix);
             it != nodes_.end() && it->first.starts_with(prefix); ++it) {
            if (it->first.size() > prefix.size() &&
                it->first.find('/', prefix.size()) == std::string::npos) {
                entries.push_back(it->second.entry);
            }
        }
        std::sort(entries.begin(), entries.end(),
                  [](const Entry& a, const Entry& b) { return a.name < b.name; });
        return entries;
    }

    std::string read(std::string_view path, std::uint64_t max_bytes) const override {
        const auto at = walk(path, true);
        if (!at || nodes_.at(*at).entry.type != Entry::Type::file) {
            throw base::Error(base::ErrorKind::not_found,
                              name_ + " has no file " + std::string(path));
        }
        const std::string& content = nodes_.at(*at).content;
        if (content.size() > max_bytes) {
            throw base::Error(base::ErrorKind::invalid_input, std::string(path) + " is too long");
        }
        return content;
    }

  private:
    struct Node {
        Entry entry;
        std::string content;
    };

    static std::vector<std::string> parts_of(std::string_view path) {
        std::vector<std::string> parts;
        while (!path.empty()) {
            const std::size_t end = std::min(path.find('/'), path.size());
            if (end > 0 && path.substr(0, end) != ".") {
                parts.emplace_back(path.substr(0, end));
            }
            path.remove_prefix(std::min(end + 1, path.size()));
        }
        return parts;
    }

    // Where the path leads, its last part followed only when asked; nullopt: to nothing.
    std::optional<std::string> walk(std::string_view path, bool follow_last) const {
        std::vector<std::string> left = parts_of(path);
        std::reverse(left.begin(), left.end());
        std::vector<std::string> done;
        const auto joined = [&] {
            std::string at;
            for (const std::string& part : done) {
                at += "/" + part;
            }
            return at.empty() ? "/" : at;
        };
        for (int links = 0; !left.empty();) {
            const std::string part = std::move(left.back());
            left.pop_back();
            if (part == "..") {
                if (!done.empty()) {
                    done.pop_back();
                }
                continue;
            }
            if (nodes_.at(joined()).entry.type != Entry::Type::directory) {
                return std::nullopt;
            }
            done.push_back(part);
            const auto node = nodes_.find(joined());
            if (node == nodes_.end()) {
                return std::nullopt;
            }
            if (node->second.entry.type != Entry::Type::symlink || (left.empty() && !follow_last)) {
                continue;
            }
            const std::string& target = node->second.entry.link_target;
            if (++links > 40 || target.empty()) {
                return std::nullopt;
            }
            done.pop_back();
            if (target.front() == '/') {
                done.clear();
            }
            std::vector<std::string> more = parts_of(target);
            left.insert(left.end(), more.rbegin(), more.rend());
        }
        return joined();
    }

    std::string name_;
    std::map<std::string, Node> nodes_;  // by path without links
};

// A tree written as one text: "=== /etc/hosts" begins a file, "=== /a -> b" is a link, "=== /a/" a
// folder. What stands before the first of them is not looked at.
inline MemoryTree tree_of_text(std::string_view text, std::string name = "memory") {
    constexpr std::string_view kMark = "=== /";
    MemoryTree tree(std::move(name));
    std::size_t at = text.starts_with(kMark) ? 0 : text.find("\n=== /");
    while (at != std::string_view::npos && at < text.size()) {
        at += text[at] == '\n' ? 1U : 0U;
        const std::size_t line_end = std::min(text.find('\n', at), text.size());
        const std::string_view what = text.substr(at + 4, line_end - at - 4);
        const std::size_t begin = std::min(line_end + 1, text.size());
        const std::size_t next =
            line_end == text.size() ? std::string_view::npos : text.find("\n=== /", line_end);
        const std::size_t end =
            next == std::string_view::npos ? text.size() : std::max(next + 1, begin);
        const std::size_t arrow = what.find(" -> ");
        if (arrow != std::string_view::npos) {
            tree.link(what.substr(0, arrow), std::string(what.substr(arrow + 4)));
        } else if (what.ends_with('/')) {
            tree.folder(what);
        } else {
            tree.file(what, std::string(text.substr(begin, end - begin)));
        }
        at = next;
    }
    return tree;
}

}  // namespace tests
