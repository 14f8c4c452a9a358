// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/filetree/disk_tree.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "base/error.h"
#include "imagebuilder/filetree/disk/file_system_mark.h"
#include "imagebuilder/filetree/disk/partition_table.h"
#include "imagebuilder/filetree/path_walk.h"

namespace imagebuilder {

namespace {

using base::Error;
using base::ErrorKind;

// Names in memory, before all of them are thrown away.
constexpr std::size_t kMostCachedChildren = 1000000;
constexpr std::size_t kMostCachedFolders = 200000;
constexpr std::size_t kLeastPages = 64;  // of each disk in memory

std::uint64_t node_id(std::size_t part, std::uint32_t inode) {
    return std::uint64_t{part} << 32U | inode;
}

}  // namespace

DiskTree::DiskTree(const ovfkit::DiskReader& disk, const DiskTreeOptions& options)
    : DiskTree(std::vector{&disk}, options) {
}

DiskTree::DiskTree(const std::vector<const ovfkit::DiskReader*>& disks,
                   const DiskTreeOptions& options) {
    for (const ovfkit::DiskReader* disk : disks) {
        pages_.push_back(std::make_unique<DiskPages>(
            *disk, std::max(kLeastPages, DiskPages::kMostPages / disks.size())));
    }
    read_contents();
    set_root(find_root(options));
    mount_others();
}

const std::string& DiskTree::name() const {
    const auto root = mounts_.find("/");
    return pages_[root == mounts_.end() ? 0 : contents_.parts[root->second].disk]->name();
}

void DiskTree::read_contents() {
    for (std::size_t disk = 0; disk < pages_.size(); ++disk) {
        try {
            read_parts(disk);
        } catch (const Error& error) {
            // One of several that is damaged is no reason to leave the others.
            if (pages_.size() == 1 || error.kind() != ErrorKind::invalid_input) {
                throw;
            }
            contents_.notes.push_back(error.message());
        }
    }
    volumes_.resize(contents_.parts.size());
}

void DiskTree::read_parts(std::size_t disk) {
    const DiskPages& pages = *pages_[disk];
    PartitionTable table = read_partition_table(pages);
    if (disk == 0) {
        contents_.table = to_string(table.kind);
        contents_.disk_id = std::move(table.disk_id);
    }
    std::move(table.notes.begin(), table.notes.end(), std::back_inserter(contents_.notes));
    for (Partition& partition : table.partitions) {
        FileSystemMark mark = identify_file_system(pages, partition.offset, partition.bytes);
        contents_.parts.push_back({.disk = disk,
                                   .number = partition.number,
                                   .offset = partition.offset,
                                   .bytes = partition.bytes,
                                   .type = std::move(partition.type),
                                   .uuid = std::move(partition.uuid),
                                   .name = std::move(partition.label),
                                   .file_system = std::move(mark.kind),
                                   .fs_uuid = std::move(mark.uuid),
                                   .fs_label = std::move(mark.label)});
    }
}

std::string DiskTree::describe_part(const DiskPart& part) const {
    const std::string of =
        pages_.size() == 1 ? "" : fmt::format(" '{}'", pages_[part.disk]->name());
    if (part.number == 0) {
        return pages_.size() == 1 ? "the disk" : "disk" + of;
    }
    return fmt::format("partition {}{}", part.number, of.empty() ? "" : " of" + of);
}

const Ext4Volume& DiskTree::volume(std::size_t part) const {
    std::unique_ptr<Ext4Volume>& volume = volumes_[part];
    if (!volume) {
        const DiskPart& place = contents_.parts[part];
        const DiskPages& pages = *pages_[place.disk];
        volume = std::make_unique<Ext4Volume>(
            pages, place.offset, place.bytes,
            place.number == 0 ? fmt::format("disk '{}'", pages.name())
                              : fmt::format("disk '{}', partition {}", pages.name(), place.number));
    }
    return *volume;
}

// ---- paths

std::string DiskTree::called(std::string_view path) const {
    return fmt::format("{}: {}", name(), path);
}

std::optional<DiskTree::Node> DiskTree::find_node(const std::string& plain) const {
    if (const auto mounted = mounts_.find(plain); mounted != mounts_.end()) {
        return Node{mounted->second, Ext4Volume::kRoot};
    }
    const auto [parent, name] = split_plain(plain);
    const Folder* folder = this->folder(std::string(parent));
    const auto child = folder == nullptr ? std::nullopt : find_child(*folder, name);
    return child ? std::optional(Node{folder->part, folder->children[*child].inode}) : std::nullopt;
}

std::optional<std::size_t> DiskTree::find_child(const Folder& folder, std::string_view name) const {
    const auto found =
        std::lower_bound(folder.children.begin(), folder.children.end(), name,
                         [](const Ext4Volume::Child& child, std::string_view wanted) {
                             return child.name < wanted;
                         });
    return found != folder.children.end() && found->name == name
               ? std::optional(static_cast<std::size_t>(found - folder.children.begin()))
               : std::nullopt;
}

TreeEntry DiskTree::entry_of(Node node, std::string_view name) const {
    TreeEntry entry = volume(node.part).entry(node.inode);
    entry.name = name;
    entry.file_id = node_id(node.part, node.inode);
    return entry;
}

// The folder at a plain path, read when it is not known yet; nullptr: no folder there. Valid until
// the next call.
DiskTree::Folder* DiskTree::folder(const std::string& plain) const {
    if (const auto known = folders_.find(plain); known != folders_.end()) {
        return &known->second;
    }
    const std::optional<Node> node = find_node(plain);
    if (!node || entry_of(*node, "").type != TreeEntry::Type::directory) {
        return nullptr;
    }
    const auto [place, fresh] = places_.try_emplace(node_id(node->part, node->inode), plain);
    if (!fresh && place->second != plain) {
        throw Error(
            ErrorKind::invalid_input,
            fmt::format("the file system is damaged: the folder is '{}' too", place->second),
            "let e2fsck repair a copy of the disk");
    }
    Folder read{node->part, volume(node->part).children(node->inode), {}};
    read.entries.resize(read.children.size());
    if (cached_children_ + read.children.size() > kMostCachedChildren ||
        folders_.size() >= kMostCachedFolders) {
        folders_.clear();
        cached_children_ = 0;
    }
    cached_children_ += read.children.size();
    return &folders_.emplace(plain, std::move(read)).first->second;
}

std::optional<TreeEntry> DiskTree::find_plain(const std::string& plain) const {
    const auto split = split_plain(plain);
    const auto parent = split.first;  // lambdas cannot name the parts of a structured binding
    const auto name = split.second;
    if (const auto mounted = mounts_.find(plain); mounted != mounts_.end()) {
        return entry_of({mounted->second, Ext4Volume::kRoot}, name);
    }
    return base::in_context(called(plain), [&]() -> std::optional<TreeEntry> {
        Folder* folder = this->folder(std::string(parent));
        const auto child = folder == nullptr ? std::nullopt : find_child(*folder, name);
        if (!child) {
            return std::nullopt;
        }
        std::optional<TreeEntry>& entry = folder->entries[*child];
        if (!entry) {
            entry = entry_of({folder->part, folder->children[*child].inode}, name);
        }
        return entry;
    });
}

std::optional<TreeEntry> DiskTree::find(std::string_view path) const {
    auto at =
        walk_path(path, false, [this](const std::string& plain) { return find_plain(plain); });
    return at ? std::optional(std::move(at->entry)) : std::nullopt;
}

std::optional<std::string> DiskTree::resolve(std::string_view path) const {
    auto at = walk_path(path, true, [this](const std::string& plain) { return find_plain(plain); });
    return at ? std::optional(std::move(at->plain)) : std::nullopt;
}

std::vector<TreeEntry> DiskTree::list(std::string_view path) const {
    std::vector<TreeEntry> entries;
    const std::optional<std::string> plain = resolve(path);
    if (!plain) {
        return entries;
    }
    base::in_context(called(*plain), [&] {
        const Folder* read = folder(*plain);
        // Entries are read without another folder: this one stays where it is.
        for (std::size_t i = 0; read != nullptr && i < read->children.size(); ++i) {
            const Ext4Volume::Child& child = read->children[i];
            entries.push_back(*find_plain(join_plain(*plain, child.name)));
        }
    });
    return entries;
}

DiskTree::Node DiskTree::require_file(std::string_view path) const {
    const auto at =
        walk_path(path, true, [this](const std::string& plain) { return find_plain(plain); });
    if (!at || at->entry.type != TreeEntry::Type::file) {
        throw Error(ErrorKind::not_found, "there is no file " + called(path));
    }
    return *find_node(at->plain);
}

std::string DiskTree::read(std::string_view path, std::uint64_t max_bytes) const {
    const Node file = require_file(path);
    return base::in_context(called(path),
                            [&] { return volume(file.part).read(file.inode, max_bytes); });
}

void DiskTree::read_runs(std::string_view path, const TakeBytes& take) const {
    const Node file = require_file(path);
    base::in_context(called(path), [&] { volume(file.part).read_runs(file.inode, take); });
}

std::vector<FileRun> DiskTree::stored_runs(std::string_view path) const {
    const Node file = require_file(path);
    return base::in_context(called(path),
                            [&] { return volume(file.part).stored_runs(file.inode); });
}

std::vector<TreeAttribute> DiskTree::attributes(std::string_view path) const {
    const auto at =
        walk_path(path, false, [this](const std::string& plain) { return find_plain(plain); });
    if (!at) {
        return {};
    }
    return base::in_context(called(path), [&] {
        const std::optional<Node> node = find_node(at->plain);
        return volume(node->part).attributes(node->inode);
    });
}

}  // namespace imagebuilder
