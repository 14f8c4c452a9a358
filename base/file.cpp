// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstdlib>

#include <fmt/format.h>

#include "base/error.h"
#include "base/random.h"

namespace base {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path, std::uint64_t limit) {
    const UniqueFd fd = open_file(path.string(), O_RDONLY);
    std::string text;
    std::string chunk(65536, '\0');
    while (true) {
        const std::size_t got =
            read_some(fd.get(), std::as_writable_bytes(std::span(chunk)), path.string());
        if (got == 0) {
            return text;
        }
        if (text.size() + got > limit) {
            throw Error(ErrorKind::invalid_input,
                        fmt::format("'{}' is larger than {} bytes", path.string(), limit));
        }
        text.append(chunk, 0, got);
    }
}

void write_file(const fs::path& path, std::string_view data, unsigned mode) {
    AtomicFile file(path, mode);
    write_all(file.fd(), data, path.string());
    file.commit();
}

void make_dirs(const fs::path& path, unsigned mode) {
    if (path.empty() || fs::is_directory(path)) {
        return;
    }
    make_dirs(path.parent_path(), 0755);
    if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) {
        throw SystemError(errno, fmt::format("cannot make the folder '{}'", path.string()));
    }
}

void remove_all(const fs::path& path) {
    std::error_code error;
    fs::remove_all(path, error);
    if (error && error != std::errc::no_such_file_or_directory) {
        throw SystemError(error.value(), fmt::format("cannot remove '{}'", path.string()));
    }
}

void rename_file(const fs::path& from, const fs::path& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) {
        throw SystemError(errno,
                          fmt::format("cannot rename '{}' to '{}'", from.string(), to.string()));
    }
}

void fsync_file(const fs::path& path) {
    const UniqueFd fd = open_regular(path.string());
    if (::fsync(fd.get()) != 0) {
        throw SystemError(errno, fmt::format("cannot sync '{}'", path.string()));
    }
}

void fsync_dir(const fs::path& path) {
    const fs::path folder = path.empty() ? fs::path(".") : path;
    const UniqueFd fd = open_file(folder.string(), O_RDONLY | O_DIRECTORY);
    if (::fsync(fd.get()) != 0) {
        throw SystemError(errno, fmt::format("cannot sync the folder '{}'", folder.string()));
    }
}

std::uint64_t file_size(const fs::path& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
        throw SystemError(errno, fmt::format("cannot stat '{}'", path.string()));
    }
    return static_cast<std::uint64_t>(info.st_size);
}

namespace {

// Whoever asked for `path` knows nothing of the file beside it.
UniqueFd create_beside(const fs::path& path, const fs::path& temp_path, unsigned mode) {
    try {
        return open_file(temp_path.string(), O_RDWR | O_CREAT | O_EXCL, mode);
    } catch (const SystemError& error) {
        if (error.error_number() == ENOENT) {
            throw Error(ErrorKind::not_found,
                        fmt::format("cannot write '{}': there is no folder '{}'", path.string(),
                                    path.parent_path().string()),
                        "make the folder first");
        }
        throw SystemError(error.error_number(), fmt::format("cannot write '{}'", path.string()),
                          error.hint());
    }
}

}  // namespace

AtomicFile::AtomicFile(fs::path path, unsigned mode)
    : path_(std::move(path)),
      temp_path_(path_.parent_path() /
                 fmt::format(".{}.{}.tmp", path_.filename().string(), random_hex(8))),
      fd_(create_beside(path_, temp_path_, mode)) {
}

AtomicFile::~AtomicFile() {
    if (!committed_) {
        ::unlink(temp_path_.c_str());
    }
}

void AtomicFile::commit() {
    if (::fsync(fd_.get()) != 0) {
        throw SystemError(errno, fmt::format("cannot sync '{}'", path_.string()));
    }
    commit_unsynced();
    fsync_dir(path_.parent_path());
}

void AtomicFile::commit_unsynced() {
    if (::rename(temp_path_.c_str(), path_.c_str()) != 0) {
        throw SystemError(errno, fmt::format("cannot write '{}'", path_.string()));
    }
    committed_ = true;
}

UniqueFd open_nameless(const fs::path& folder) {
    const std::string place = folder.empty() ? "." : folder.string();
    UniqueFd fd(::open(place.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (fd || (errno != EOPNOTSUPP && errno != EISDIR)) {
        if (!fd) {
            throw SystemError(errno, fmt::format("cannot make a file in '{}'", place));
        }
        return fd;
    }
    // A file system that does not know them: a name for a moment.
    std::string pattern = (fs::path(place) / ".muster.XXXXXX").string();
    fd.reset(::mkostemp(pattern.data(), O_CLOEXEC));
    if (!fd) {
        throw SystemError(errno, fmt::format("cannot make a file in '{}'", place));
    }
    ::unlink(pattern.c_str());
    return fd;
}

TempDir::TempDir(const fs::path& parent, std::string_view prefix) {
    fs::path folder = parent;
    if (folder.empty()) {
        const char* from_env = std::getenv("TMPDIR");
        folder = from_env != nullptr && *from_env != '\0' ? from_env : "/tmp";
    }
    std::string pattern = (folder / fmt::format("{}.XXXXXX", prefix)).string();
    if (::mkdtemp(pattern.data()) == nullptr) {
        throw SystemError(errno, fmt::format("cannot make a folder in '{}'", folder.string()));
    }
    path_ = pattern;
}

TempDir::~TempDir() {
    if (!path_.empty()) {
        guarded("temporary folder", [this] { base::remove_all(path_); });
    }
}

fs::path TempDir::release() {
    fs::path path = std::move(path_);
    path_.clear();
    return path;
}

namespace {

UniqueFd lock_file(const fs::path& path, int operation) {
    UniqueFd fd = open_file(path.string(), O_RDWR | O_CREAT, 0600);
    while (::flock(fd.get(), operation) != 0) {
        if (errno == EWOULDBLOCK) {
            return UniqueFd();
        }
        if (errno != EINTR) {
            throw SystemError(errno, fmt::format("cannot lock '{}'", path.string()));
        }
    }
    return fd;
}

fs::path xdg_dir(const char* variable, std::string_view below_home) {
    fs::path root;
    const char* value = std::getenv(variable);
    if (value != nullptr && *value == '/') {
        root = value;
    } else {
        const char* home = std::getenv("HOME");
        if (home == nullptr || *home != '/') {
            throw Error(ErrorKind::environment, "HOME is not set",
                        fmt::format("set HOME or {}", variable));
        }
        root = fs::path(home) / below_home;
    }
    const fs::path dir = root / "muster";
    make_dirs(dir, 0700);
    return dir;
}

}  // namespace

namespace {

int flock_of(FileLock::Mode mode) {
    return mode == FileLock::Mode::shared ? LOCK_SH : LOCK_EX;
}

}  // namespace

FileLock::FileLock(const fs::path& path, Mode mode) : fd_(lock_file(path, flock_of(mode))) {
}

FileLock FileLock::try_lock(const fs::path& path, Mode mode) {
    FileLock lock;
    lock.fd_ = lock_file(path, flock_of(mode) | LOCK_NB);
    return lock;
}

ScopeExit::~ScopeExit() {
    if (fn_) {
        guarded("clean-up", fn_);
    }
}

fs::path runtime_dir() {
    const char* value = std::getenv("XDG_RUNTIME_DIR");
    const fs::path dir = value != nullptr && *value == '/'
                             ? fs::path(value) / "muster"
                             : fs::path(fmt::format("/tmp/muster-{}", ::getuid()));
    make_dirs(dir, 0700);
    struct stat info {};
    if (::lstat(dir.c_str(), &info) != 0) {
        throw SystemError(errno, fmt::format("cannot stat '{}'", dir.string()));
    }
    if (!S_ISDIR(info.st_mode) || info.st_uid != ::geteuid() || (info.st_mode & 0077U) != 0) {
        throw Error(ErrorKind::environment,
                    fmt::format("'{}' is not a private folder of this user", dir.string()),
                    "remove it, or set XDG_RUNTIME_DIR to a folder of your own");
    }
    return dir;
}

fs::path data_dir() {
    return xdg_dir("XDG_DATA_HOME", ".local/share");
}
fs::path cache_dir() {
    return xdg_dir("XDG_CACHE_HOME", ".cache");
}
fs::path config_dir() {
    return xdg_dir("XDG_CONFIG_HOME", ".config");
}

}  // namespace base
