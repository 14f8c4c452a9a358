// SPDX-License-Identifier: Apache-2.0
// The files of a machine, read only: a folder of this host, or a file system in a disk image that
// nobody mounts. Everything in it is a stranger's: links, sizes and names are not believed.
//
// Paths are absolute in the tree ("/etc/passwd"). Links are followed inside the tree only: absolute
// targets begin at its root, ".." stops there, and after 40 links a path leads nowhere. Devices,
// pipes and sockets are listed, never opened. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace imagebuilder {

struct TreeEntry {
    enum class Type { file, directory, symlink, other };
    std::string name;  // the last part of its path; empty: the root
    Type type = Type::file;
    std::uint32_t permissions = 0;  // the low 12 bits of the mode
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::int64_t mtime = 0;   // seconds since 1970
    std::uint64_t size = 0;   // of a file
    std::string link_target;  // of a symlink, as it stands there
    // Of `other`: 'c' and 'b' (devices), 'p' (pipe), 's' (socket); 0: not known.
    char special = 0;
    std::uint32_t device_major = 0;
    std::uint32_t device_minor = 0;
    // Equal for the names of one file (hard links) and for nothing else in the tree; 0: not known.
    std::uint64_t file_id = 0;
    std::uint32_t links = 1;  // how many names it says it has
};

// An extended attribute: its name with the namespace ("security.capability"), its value.
using TreeAttribute = std::pair<std::string, std::string>;

// Bytes of a file that are stored: all others are zeros.
struct FileRun {
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
};

class FileTree {
  public:
    virtual ~FileTree() = default;

    virtual const std::string& name() const = 0;  // "disk.qcow2", for messages

    // The entry itself, links in its folders followed; nullopt: nothing there.
    virtual std::optional<TreeEntry> find(std::string_view path) const = 0;

    // Where all links of the path lead: a path without links; nullopt: to nothing.
    virtual std::optional<std::string> resolve(std::string_view path) const = 0;

    // What a folder holds, by name in byte order, without "." and ".."; links in the path are
    // followed. Empty when it is no folder. Throws invalid_input when the folder is damaged or has
    // more than a million entries.
    virtual std::vector<TreeEntry> list(std::string_view path) const = 0;

    // The content of a regular file, links followed. Throws not_found when there is none,
    // invalid_input when it is damaged or longer than max_bytes.
    virtual std::string read(std::string_view path, std::uint64_t max_bytes) const = 0;

    // The same piece by piece, of any length. `take` gets what is stored with its place in the
    // file, in rising order; between the pieces and up to the entry's size are zeros.
    using TakeBytes = std::function<void(std::uint64_t, std::span<const std::byte>)>;
    virtual void read_runs(std::string_view path, const TakeBytes& take) const;
    // What read_runs() will give, in rising order, without reading it. Throws as read() does.
    virtual std::vector<FileRun> stored_runs(std::string_view path) const;

    // Of the entry itself, by name; empty where the tree keeps none.
    virtual std::vector<TreeAttribute> attributes(std::string_view path) const;
};

inline constexpr std::uint64_t kMaxConfigurationBytes = std::uint64_t{4} << 20U;
inline constexpr std::size_t kMaxFolderEntries = 1000000;

// Of a text file: nullopt when it is not there, is longer than kMaxConfigurationBytes or damaged.
std::optional<std::string> read_if_there(const FileTree& tree, std::string_view path);

}  // namespace imagebuilder
