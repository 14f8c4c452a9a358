// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/source/tar_tree.h"

#include <map>
#include <span>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/stream.h"
#include "imagebuilder/disk/tar_entries.h"
#include "imagebuilder/filetree/path_walk.h"

namespace assembler {

namespace {

using imagebuilder::FileEntry;
using imagebuilder::TreeEntry;

TreeEntry::Type tree_type(FileEntry::Type type) {
    switch (type) {
        case FileEntry::Type::file:
        case FileEntry::Type::hard_link: return TreeEntry::Type::file;
        case FileEntry::Type::directory: return TreeEntry::Type::directory;
        case FileEntry::Type::symlink: return TreeEntry::Type::symlink;
        default: return TreeEntry::Type::other;
    }
}

class TarTree : public imagebuilder::FileTree {
  public:
    explicit TarTree(std::string name) : name_(std::move(name)) {
        folders_["/"];
        root_ = {.type = TreeEntry::Type::directory, .permissions = 0755};
    }

    void add(const FileEntry& entry, std::string content) {
        const std::string path = "/" + entry.path;
        const auto [folder, name] = imagebuilder::split_plain(path);
        TreeEntry made{
            .name = std::string(name),
            .type = tree_type(entry.type),
            .permissions = entry.permissions,
            .uid = entry.uid,
            .gid = entry.gid,
            .mtime = entry.mtime,
            .size = entry.size,
            .link_target = entry.type == FileEntry::Type::symlink ? entry.link_target : ""};
        if (entry.type == FileEntry::Type::hard_link) {
            const auto first = contents_.find("/" + entry.link_target);
            content = first == contents_.end() ? "" : first->second;
            made.size = content.size();
        }
        if (entry.path.empty()) {
            return;  // the root itself
        }
        add_folders(std::string(folder));
        if (made.type == TreeEntry::Type::directory) {
            folders_[path];
        } else if (made.type == TreeEntry::Type::file) {
            contents_[path] = std::move(content);
        }
        folders_[std::string(folder)][made.name] = std::move(made);
    }

    const std::string& name() const override { return name_; }

    std::optional<TreeEntry> find(std::string_view path) const override {
        const auto walked = walk(path, false);
        return walked ? std::optional(walked->entry) : std::nullopt;
    }

    std::optional<std::string> resolve(std::string_view path) const override {
        const auto walked = walk(path, true);
        return walked ? std::optional(walked->plain) : std::nullopt;
    }

    std::vector<TreeEntry> list(std::string_view path) const override {
        std::vector<TreeEntry> entries;
        const auto walked = walk(path, true);
        const auto found = walked && walked->entry.type == TreeEntry::Type::directory
                               ? folders_.find(walked->plain)
                               : folders_.end();
        if (found != folders_.end()) {
            for (const auto& [name, entry] : found->second) {
                entries.push_back(entry);
            }
        }
        return entries;
    }

    std::string read(std::string_view path, std::uint64_t max_bytes) const override {
        const auto walked = walk(path, true);
        if (!walked || walked->entry.type != TreeEntry::Type::file) {
            throw base::Error(base::ErrorKind::not_found,
                              fmt::format("{} has no file {}", name_, path));
        }
        const auto content = contents_.find(walked->plain);
        if (walked->entry.size > max_bytes || content == contents_.end() ||
            content->second.size() != walked->entry.size) {
            throw base::Error(base::ErrorKind::invalid_input,
                              fmt::format("{}: {} is too long", name_, path));
        }
        return content->second;
    }

  private:
    // What a stream leaves out of the folders above an entry.
    void add_folders(const std::string& folder) {
        if (folder == "/" || folders_.contains(folder)) {
            return;
        }
        const auto [above, name] = imagebuilder::split_plain(folder);
        add_folders(std::string(above));
        folders_[folder];
        folders_[std::string(above)].try_emplace(std::string(name),
                                                 TreeEntry{.name = std::string(name),
                                                           .type = TreeEntry::Type::directory,
                                                           .permissions = 0755});
    }

    std::optional<imagebuilder::WalkedPath> walk(std::string_view path, bool follow_last) const {
        return imagebuilder::walk_path(
            path, follow_last, [&](const std::string& plain) -> std::optional<TreeEntry> {
                const auto [folder, name] = imagebuilder::split_plain(plain);
                if (name.empty()) {
                    return root_;
                }
                const auto children = folders_.find(std::string(folder));
                if (children == folders_.end()) {
                    return std::nullopt;
                }
                const auto child = children->second.find(std::string(name));
                return child == children->second.end() ? std::nullopt
                                                       : std::optional(child->second);
            });
    }

    std::string name_;
    TreeEntry root_;
    std::unordered_map<std::string, std::map<std::string, TreeEntry>> folders_;  // by plain path
    std::unordered_map<std::string, std::string> contents_;                      // of files
};

std::string read_content(imagebuilder::TarEntries& entries, const FileEntry& entry) {
    std::string content;
    if (entry.type != FileEntry::Type::file || entry.size > imagebuilder::kMaxConfigurationBytes) {
        return content;
    }
    content.resize(entry.size);
    std::size_t got = 0;
    while (got < content.size()) {
        // SAFETY: char seen as std::byte.
        const std::span<std::byte> left(reinterpret_cast<std::byte*>(content.data()) + got,
                                        content.size() - got);
        const std::size_t more = entries.read(left);
        if (more == 0) {
            break;
        }
        got += more;
    }
    content.resize(got);
    return content;
}

}  // namespace

std::unique_ptr<imagebuilder::FileTree> read_tar_tree(std::string_view tar,
                                                      const std::string& name) {
    constexpr std::size_t kMaxTarEntries = 1'000'000;
    auto tree = std::make_unique<TarTree>(name);
    imagebuilder::TarEntries entries(tar, name);
    FileEntry entry;
    for (std::size_t count = 0; entries.next(entry); ++count) {
        if (count == kMaxTarEntries) {
            throw base::Error(base::ErrorKind::invalid_input,
                              fmt::format("{} has too many entries", name));
        }
        tree->add(entry, read_content(entries, entry));
    }
    return tree;
}

}  // namespace assembler
