// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/filetree/directory_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <map>

#include <fmt/format.h>

#include "base/error.h"
#include "base/fd.h"
#include "imagebuilder/filetree/path_walk.h"

namespace imagebuilder {

namespace {

using base::Error;
using base::ErrorKind;
using base::UniqueFd;

constexpr std::size_t kReadSize = 256U << 10U;
constexpr std::size_t kLongestLink = 4096;

TreeEntry::Type type_of_mode(mode_t mode) {
    switch (mode & S_IFMT) {
        case S_IFREG: return TreeEntry::Type::file;
        case S_IFDIR: return TreeEntry::Type::directory;
        case S_IFLNK: return TreeEntry::Type::symlink;
        default: return TreeEntry::Type::other;
    }
}

char special_of_mode(mode_t mode) {
    switch (mode & S_IFMT) {
        case S_IFCHR: return 'c';
        case S_IFBLK: return 'b';
        case S_IFIFO: return 'p';
        case S_IFSOCK: return 's';
        default: return 0;
    }
}

// What the link at `name` in the folder says; with an empty name the link that `fd` is.
std::string read_link_at(int fd, const char* name) {
    std::string target(kLongestLink, '\0');
    const ssize_t length = ::readlinkat(fd, name, target.data(), target.size());
    target.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
    return target;
}

std::string proc_path(int fd) {
    return fmt::format("/proc/self/fd/{}", fd);
}

// Where a file of the host is no hole.
std::vector<FileRun> runs_in(int fd, std::uint64_t size) {
    std::vector<FileRun> runs;
    std::uint64_t at = 0;
    while (at < size) {
        const off_t data = ::lseek(fd, static_cast<off_t>(at), SEEK_DATA);
        if (data < 0 && errno == ENXIO) {
            break;  // zeros up to the end
        }
        at = data < 0 ? at : static_cast<std::uint64_t>(data);
        const off_t hole = ::lseek(fd, static_cast<off_t>(at), SEEK_HOLE);
        const std::uint64_t end =
            std::min(size, hole < 0 ? size : static_cast<std::uint64_t>(hole));
        if (at >= end) {
            break;  // it changes under our hands
        }
        runs.push_back({at, end - at});
        at = end;
    }
    return runs;
}

class DirectoryTree : public FileTree {
  public:
    explicit DirectoryTree(const std::string& path)
        : name_(path), root_(base::open_file(path, O_PATH | O_DIRECTORY)) {}

    const std::string& name() const override { return name_; }
    std::optional<TreeEntry> find(std::string_view path) const override;
    std::optional<std::string> resolve(std::string_view path) const override;
    std::vector<TreeEntry> list(std::string_view path) const override;
    std::string read(std::string_view path, std::uint64_t max_bytes) const override;
    void read_runs(std::string_view path, const TakeBytes& take) const override;
    std::vector<FileRun> stored_runs(std::string_view path) const override;
    std::vector<TreeAttribute> attributes(std::string_view path) const override;

  private:
    // By a plain path, never through a link; empty: nothing there (any more).
    UniqueFd open_plain(std::string_view plain, int flags) const;
    std::optional<TreeEntry> find_plain(const std::string& plain) const;
    std::optional<WalkedPath> walk(std::string_view path, bool follow_last) const {
        return walk_path(path, follow_last,
                         [this](const std::string& plain) { return find_plain(plain); });
    }
    TreeEntry make_entry(const struct stat& info, std::string_view name) const;
    // A regular file for reading, and its size.
    std::pair<UniqueFd, std::uint64_t> open_file(std::string_view path) const;
    std::string called(std::string_view path) const { return fmt::format("{}: {}", name_, path); }

    std::string name_;
    UniqueFd root_;
    mutable std::map<std::uint64_t, std::uint64_t> devices_;  // numbered as they are met
};

UniqueFd DirectoryTree::open_plain(std::string_view plain, int flags) const {
    const std::string relative = plain == "/" ? "." : std::string(plain.substr(1));
    open_how how{};
    how.flags = static_cast<__u64>(flags | O_CLOEXEC | O_NOFOLLOW);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    long fd = -1;
    do {
        // SAFETY: openat2 has no wrapper in this C library; the kernel reads `how` and no more.
        fd = ::syscall(SYS_openat2, root_.get(), relative.c_str(), &how, sizeof(how));
    } while (fd < 0 && (errno == EINTR || errno == EAGAIN));
    if (fd >= 0) {
        return UniqueFd(static_cast<int>(fd));
    }
    if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == ENAMETOOLONG) {
        return UniqueFd();
    }
    throw base::SystemError(errno, "cannot open " + called(plain));
}

TreeEntry DirectoryTree::make_entry(const struct stat& info, std::string_view name) const {
    TreeEntry entry;
    entry.name = name;
    entry.type = type_of_mode(info.st_mode);
    entry.permissions = info.st_mode & 07777U;
    entry.uid = info.st_uid;
    entry.gid = info.st_gid;
    entry.mtime = info.st_mtim.tv_sec;
    entry.size = entry.type == TreeEntry::Type::file ? static_cast<std::uint64_t>(info.st_size) : 0;
    entry.special = special_of_mode(info.st_mode);
    if (entry.special == 'c' || entry.special == 'b') {
        entry.device_major = major(info.st_rdev);
        entry.device_minor = minor(info.st_rdev);
    }
    // Inodes of several file systems: the number of the file system goes on top.
    const std::uint64_t device = devices_.try_emplace(info.st_dev, devices_.size()).first->second;
    entry.file_id = info.st_ino ^ (device << 48U);
    entry.links = static_cast<std::uint32_t>(info.st_nlink);
    return entry;
}

std::optional<TreeEntry> DirectoryTree::find_plain(const std::string& plain) const {
    const UniqueFd fd = open_plain(plain, O_PATH);
    struct stat info {};
    if (!fd) {
        return std::nullopt;
    }
    if (::fstat(fd.get(), &info) != 0) {
        throw base::SystemError(errno, "cannot stat " + called(plain));
    }
    TreeEntry entry = make_entry(info, split_plain(plain).second);
    if (entry.type == TreeEntry::Type::symlink) {
        entry.link_target = read_link_at(fd.get(), "");
    }
    return entry;
}

std::optional<TreeEntry> DirectoryTree::find(std::string_view path) const {
    std::optional<WalkedPath> at = walk(path, false);
    return at ? std::optional(std::move(at->entry)) : std::nullopt;
}

std::optional<std::string> DirectoryTree::resolve(std::string_view path) const {
    std::optional<WalkedPath> at = walk(path, true);
    return at ? std::optional(std::move(at->plain)) : std::nullopt;
}

std::vector<TreeEntry> DirectoryTree::list(std::string_view path) const {
    std::vector<TreeEntry> entries;
    const std::optional<WalkedPath> at = walk(path, true);
    if (!at || at->entry.type != TreeEntry::Type::directory) {
        return entries;
    }
    UniqueFd fd = open_plain(at->plain, O_RDONLY | O_DIRECTORY);
    if (!fd) {
        return entries;
    }
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::fdopendir(fd.get()), &::closedir);
    if (!folder) {
        throw base::SystemError(errno, "cannot list " + called(path));
    }
    const int folder_fd = fd.release();  // the DIR closes it
    while (true) {
        errno = 0;
        // SAFETY: nobody else reads this DIR.
        const dirent* next = ::readdir(folder.get());  // NOLINT(concurrency-mt-unsafe)
        if (next == nullptr) {
            break;
        }
        const char* name = static_cast<const char*>(next->d_name);
        struct stat info {};
        if (std::string_view(name) == "." || std::string_view(name) == ".." ||
            ::fstatat(folder_fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
            continue;  // gone again
        }
        if (entries.size() == kMaxFolderEntries) {
            throw Error(ErrorKind::invalid_input, fmt::format("{} has more than {} entries",
                                                              called(path), kMaxFolderEntries));
        }
        entries.push_back(make_entry(info, name));
        if (entries.back().type == TreeEntry::Type::symlink) {
            entries.back().link_target = read_link_at(folder_fd, name);
        }
    }
    if (errno != 0) {
        throw base::SystemError(errno, "cannot list " + called(path));
    }
    std::sort(entries.begin(), entries.end(),
              [](const TreeEntry& a, const TreeEntry& b) { return a.name < b.name; });
    return entries;
}

std::pair<UniqueFd, std::uint64_t> DirectoryTree::open_file(std::string_view path) const {
    const std::optional<WalkedPath> at = walk(path, true);
    // Only named first, looked at, and then opened: opening a device or pipe does things.
    const UniqueFd place = at ? open_plain(at->plain, O_PATH) : UniqueFd();
    struct stat info {};
    if (!place || ::fstat(place.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
        throw Error(ErrorKind::not_found, "there is no file " + called(path));
    }
    return {base::open_file(proc_path(place.get()), O_RDONLY | O_NONBLOCK),
            static_cast<std::uint64_t>(info.st_size)};
}

std::string DirectoryTree::read(std::string_view path, std::uint64_t max_bytes) const {
    const auto [fd, size] = open_file(path);
    std::string content;
    std::array<std::byte, 16384> buffer{};
    // The size that was seen is not believed: a file may grow, and some of the kernel's have none.
    while (size <= max_bytes) {
        const std::size_t got = base::pread_some(fd.get(), buffer, content.size(), called(path));
        content += base::as_text(std::span(buffer).first(got));
        if (got == 0) {
            return content;
        }
        if (content.size() > max_bytes) {
            break;
        }
    }
    throw Error(ErrorKind::invalid_input,
                fmt::format("{} is longer than {} bytes", called(path), max_bytes));
}

void DirectoryTree::read_runs(std::string_view path, const TakeBytes& take) const {
    const auto [fd, size] = open_file(path);
    std::vector<std::byte> buffer(std::min<std::uint64_t>(kReadSize, size));
    for (const FileRun& run : runs_in(fd.get(), size)) {
        std::uint64_t at = run.offset;
        while (at < run.offset + run.bytes) {
            const std::size_t wanted =
                std::min<std::uint64_t>(buffer.size(), run.offset + run.bytes - at);
            const std::size_t got =
                base::pread_some(fd.get(), std::span(buffer).first(wanted), at, called(path));
            if (got == 0) {
                throw Error(ErrorKind::conflict, called(path) + " became shorter meanwhile");
            }
            take(at, std::span(buffer).first(got));
            at += got;
        }
    }
}

std::vector<FileRun> DirectoryTree::stored_runs(std::string_view path) const {
    const auto [fd, size] = open_file(path);
    return runs_in(fd.get(), size);
}

std::vector<TreeAttribute> DirectoryTree::attributes(std::string_view path) const {
    std::vector<TreeAttribute> found;
    const std::optional<WalkedPath> at = walk(path, false);
    if (!at || at->entry.type == TreeEntry::Type::symlink) {
        return found;
    }
    const UniqueFd fd = open_plain(at->plain, O_PATH);
    if (!fd) {
        return found;
    }
    // Of what is open by name only, xattrs are to be had through /proc.
    const std::string place = proc_path(fd.get());
    std::string names(65536, '\0');
    const ssize_t length = ::listxattr(place.c_str(), names.data(), names.size());
    names.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
    for (std::size_t begin = 0; begin < names.size();) {
        const std::string name = names.substr(begin, names.find('\0', begin) - begin);
        begin += name.size() + 1;
        std::string value(65536, '\0');
        const ssize_t size = ::getxattr(place.c_str(), name.c_str(), value.data(), value.size());
        if (size >= 0) {
            value.resize(static_cast<std::size_t>(size));
            found.emplace_back(name, std::move(value));
        }
    }
    std::sort(found.begin(), found.end());
    return found;
}

}  // namespace

std::unique_ptr<FileTree> open_directory_tree(const std::string& path) {
    return std::make_unique<DirectoryTree>(path);
}

}  // namespace imagebuilder
