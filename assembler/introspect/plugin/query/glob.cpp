// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/plugin/query/glob.h"

#include <algorithm>

#include "base/error.h"

namespace assembler::plugin {

namespace {

using imagebuilder::FileTree;
using imagebuilder::TreeEntry;

constexpr std::size_t kMaxEntries = 20'000;
constexpr std::size_t kMaxFiles = 512;
constexpr int kMaxDeep = 5;

class FileFinder {
  public:
    FileFinder(const FileTree& tree, std::string_view pattern) : tree_(tree) {
        while (!pattern.empty()) {
            const std::size_t end = std::min(pattern.find('/'), pattern.size());
            if (end > 0) {
                parts_.emplace_back(pattern.substr(0, end));
            }
            pattern.remove_prefix(std::min(end + 1, pattern.size()));
        }
    }

    std::vector<FoundFile> find() {
        walk("", 0, 0);
        return std::move(found_);
    }
    bool was_cut() const { return looked_at_ >= kMaxEntries; }

  private:
    static bool is_folder(const TreeEntry& entry) {
        return entry.type == TreeEntry::Type::directory || entry.type == TreeEntry::Type::symlink;
    }

    // Damage of a folder is as if it were empty: whoever reads the whole tree says so.
    std::vector<TreeEntry> list(const std::string& folder) {
        if (looked_at_ >= kMaxEntries) {
            return {};
        }
        try {
            std::vector<TreeEntry> entries = tree_.list(folder.empty() ? "/" : folder);
            looked_at_ += entries.size() + 1;
            return entries;
        } catch (const base::Error& error) {
            if (error.kind() != base::ErrorKind::invalid_input) {
                throw;
            }
            return {};
        }
    }

    void walk(const std::string& folder, std::size_t part, int deep) {
        if (part == parts_.size() || found_.size() >= kMaxFiles) {
            return;
        }
        const std::string& name = parts_[part];
        const bool last = part + 1 == parts_.size();
        if (name == "**") {
            walk(folder, part + 1, 0);
            if (deep < kMaxDeep) {
                for (const TreeEntry& entry : list(folder)) {
                    if (entry.type == TreeEntry::Type::directory && entry.name[0] != '.') {
                        walk(folder + "/" + entry.name, part, deep + 1);
                    }
                }
            }
            return;
        }
        if (name.find('*') == std::string::npos) {
            const std::string path = folder + "/" + name;
            if (!last) {
                walk(path, part + 1, 0);
            } else {
                add_if_file(path);
            }
            return;
        }
        for (const TreeEntry& entry : list(folder)) {
            const auto star = match_glob(name, entry.name);
            const bool hidden = entry.name[0] == '.' && name[0] != '.';
            if (!star || hidden) {
                continue;
            }
            stars_.push_back(*star);
            if (!last && is_folder(entry)) {
                walk(folder + "/" + entry.name, part + 1, 0);
            } else if (last) {
                add_if_file(folder + "/" + entry.name);
            }
            stars_.pop_back();
        }
    }

    void add_if_file(const std::string& path) {
        const auto target = tree_.resolve(path);
        if (!target) {
            return;
        }
        const auto entry = tree_.find(*target);
        if (entry && entry->type == TreeEntry::Type::file) {
            found_.push_back({path, stars_});
        }
    }

    const FileTree& tree_;
    std::vector<std::string> parts_;
    std::vector<std::string> stars_;
    std::vector<FoundFile> found_;
    std::size_t looked_at_ = 0;
};

}  // namespace

std::optional<std::string> match_glob(std::string_view pattern, std::string_view text) {
    const std::size_t first = pattern.find('*');
    if (first == std::string_view::npos) {
        return pattern == text ? std::optional<std::string>("") : std::nullopt;
    }
    const std::string_view head = pattern.substr(0, first);
    std::string_view rest_pattern = pattern.substr(first + 1);
    if (!text.starts_with(head)) {
        return std::nullopt;
    }
    // Each literal between stars at its first place, the last at the end: no way back is needed.
    std::size_t at = head.size();
    std::size_t star_end = std::string_view::npos;
    while (true) {
        const std::size_t star = rest_pattern.find('*');
        const std::string_view literal = rest_pattern.substr(0, star);
        std::size_t found = 0;
        if (star == std::string_view::npos) {
            if (text.size() < at + literal.size() || !text.ends_with(literal)) {
                return std::nullopt;
            }
            found = text.size() - literal.size();
        } else {
            found = text.find(literal, at);
            if (found == std::string_view::npos) {
                return std::nullopt;
            }
        }
        star_end = star_end == std::string_view::npos ? found : star_end;
        at = found + literal.size();
        if (star == std::string_view::npos) {
            return std::string(text.substr(head.size(), star_end - head.size()));
        }
        rest_pattern.remove_prefix(star + 1);
    }
}

std::vector<FoundFile> find_files(const FileTree& tree, std::string_view pattern, bool* cut) {
    FileFinder finder(tree, pattern);
    std::vector<FoundFile> found = finder.find();
    if (cut != nullptr && finder.was_cut()) {
        *cut = true;
    }
    return found;
}

}  // namespace assembler::plugin
