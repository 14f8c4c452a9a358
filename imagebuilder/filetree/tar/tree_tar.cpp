// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/filetree/tar/tree_tar.h"

#include <string>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "imagebuilder/filetree/path_walk.h"
#include "imagebuilder/filetree/tar/tar_writer.h"

namespace imagebuilder {

namespace {

using base::Error;
using base::ErrorKind;

// Holes are stored as such when they are worth a map.
constexpr std::uint64_t kLeastHoles = std::uint64_t{1} << 20U;

FileEntry::Type tar_entry_type(const TreeEntry& entry) {
    switch (entry.type) {
        case TreeEntry::Type::file: return FileEntry::Type::file;
        case TreeEntry::Type::directory: return FileEntry::Type::directory;
        case TreeEntry::Type::symlink: return FileEntry::Type::symlink;
        case TreeEntry::Type::other: break;
    }
    switch (entry.special) {
        case 'c': return FileEntry::Type::char_device;
        case 'b': return FileEntry::Type::block_device;
        case 'p': return FileEntry::Type::fifo;
        default: return FileEntry::Type::socket;
    }
}

class TreeTar {
  public:
    TreeTar(const FileTree& tree, base::ByteSink& sink, const TreeTarOptions& options)
        : tree_(tree),
          tar_(sink),
          bytes_left_(options.most_bytes),
          with_devices_(options.devices) {}

    void write() {
        const std::optional<TreeEntry> root = tree_.find("/");
        if (!root) {
            throw Error(ErrorKind::not_found, tree_.name() + " has no root folder");
        }
        add(*root, "/");
        add_children("/");
        tar_.finish();
    }

  private:
    void add_children(const std::string& folder) {
        for (const TreeEntry& entry : tree_.list(folder)) {
            const std::string path = join_plain(folder, entry.name);
            add(entry, path);
            if (entry.type == TreeEntry::Type::directory && (with_devices_ || path != "/dev")) {
                add_children(path);
            }
        }
    }

    void add(const TreeEntry& from, const std::string& path) {
        FileEntry entry;
        entry.path = path.substr(1);
        entry.type = tar_entry_type(from);
        const bool is_device = from.special == 'c' || from.special == 'b';
        if (entry.type == FileEntry::Type::socket || (is_device && !with_devices_)) {
            return;  // a socket is made again by who listens on it
        }
        entry.permissions = from.permissions;
        entry.uid = from.uid;
        entry.gid = from.gid;
        entry.mtime = from.mtime;
        entry.size = from.size;
        entry.link_target = from.link_target;
        entry.device_major = from.device_major;
        entry.device_minor = from.device_minor;
        if (from.links > 1 && from.file_id != 0 && from.type != TreeEntry::Type::directory) {
            const auto [first, fresh] = first_names_.try_emplace(from.file_id, entry.path);
            if (!fresh) {
                entry.type = FileEntry::Type::hard_link;
                entry.link_target = first->second;
                tar_.add(entry);
                return;
            }
        }
        entry.xattrs = tree_.attributes(path);
        if (entry.type == FileEntry::Type::file) {
            add_file(entry, path);
        } else {
            tar_.add(entry);
        }
    }

    void add_file(const FileEntry& entry, const std::string& path) {
        std::uint64_t stored = 0;
        const std::vector<FileRun> runs = tree_.stored_runs(path);
        for (const FileRun& run : runs) {
            stored += run.bytes;
        }
        if (stored > bytes_left_) {
            throw Error(ErrorKind::invalid_input,
                        fmt::format("{}: {}: more content than the whole disk can hold",
                                    tree_.name(), path),
                        "the file system is damaged; let e2fsck repair a copy of the disk");
        }
        bytes_left_ -= stored;
        const bool sparse = entry.size >= stored && entry.size - stored >= kLeastHoles;
        if (sparse) {
            tar_.add_sparse(entry, runs);
        } else {
            tar_.add(entry);
        }
        std::uint64_t at = 0;
        tree_.read_runs(path, [&](std::uint64_t offset, std::span<const std::byte> bytes) {
            if (!sparse) {
                tar_.write_zeros(offset - at);
            }
            tar_.write(bytes);
            at = offset + bytes.size();
        });
        if (!sparse) {
            tar_.write_zeros(entry.size - at);
        }
    }

    const FileTree& tree_;
    TarWriter tar_;
    std::uint64_t bytes_left_;
    bool with_devices_;
    std::unordered_map<std::uint64_t, std::string> first_names_;  // of files with several
};

}  // namespace

void write_tree_tar(const FileTree& tree, base::ByteSink& sink, const TreeTarOptions& options) {
    TreeTar(tree, sink, options).write();
}

}  // namespace imagebuilder
