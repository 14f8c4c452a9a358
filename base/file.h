// SPDX-License-Identifier: Apache-2.0
// Whole files and folders. Errors name the path.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace base {

// At most `limit` bytes, more is an invalid_input error.
std::string read_file(const std::filesystem::path& path, std::uint64_t limit = 64U << 20U);
// Temp file in the same folder, fsync, rename: readers see the old file or the new one.
void write_file(const std::filesystem::path& path, std::string_view data, unsigned mode = 0644);
void make_dirs(const std::filesystem::path& path, unsigned mode = 0755);
void remove_all(const std::filesystem::path& path);  // absent is fine
void rename_file(const std::filesystem::path& from, const std::filesystem::path& to);
void fsync_file(const std::filesystem::path& path);  // a regular file
void fsync_dir(const std::filesystem::path& path);
std::uint64_t file_size(const std::filesystem::path& path);

// A file that appears under its name only by commit(); otherwise the destructor removes the temp
// file.
class AtomicFile {
  public:
    explicit AtomicFile(std::filesystem::path path, unsigned mode = 0644);
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;
    ~AtomicFile();

    int fd() const { return fd_.get(); }
    const std::filesystem::path& temp_path() const { return temp_path_; }
    void commit();  // fsync, rename, fsync of the folder
    // Rename alone: for what can be made again when a power cut takes it.
    void commit_unsynced();

  private:
    std::filesystem::path path_;
    std::filesystem::path temp_path_;
    UniqueFd fd_;
    bool committed_ = false;
};

// A file for reading and writing that has no name and is gone when it is closed, on the file system
// of `folder`.
UniqueFd open_nameless(const std::filesystem::path& folder);

// A folder of its own, removed with everything in it.
class TempDir {
  public:
    // Below `parent`, or below $TMPDIR or /tmp when empty.
    explicit TempDir(const std::filesystem::path& parent = {}, std::string_view prefix = "muster");
    TempDir(TempDir&& other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }
    TempDir& operator=(TempDir&&) = delete;
    TempDir(const TempDir&) = delete;
    ~TempDir();
    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path release();  // keep it

  private:
    std::filesystem::path path_;
};

// flock(2) on a file that is made when absent. Released by the destructor or the end of the
// process. Many may hold a shared lock at once, but nobody beside the holder of an exclusive one.
class FileLock {
  public:
    enum class Mode { exclusive, shared };

    // Waits for the lock.
    explicit FileLock(const std::filesystem::path& path, Mode mode = Mode::exclusive);
    // nullopt-like: an empty lock when someone else holds it.
    static FileLock try_lock(const std::filesystem::path& path, Mode mode = Mode::exclusive);
    explicit operator bool() const { return static_cast<bool>(fd_); }

  private:
    FileLock() = default;
    UniqueFd fd_;
};

class ScopeExit {
  public:
    explicit ScopeExit(std::function<void()> fn) : fn_(std::move(fn)) {}
    ScopeExit(const ScopeExit&) = delete;
    ScopeExit& operator=(const ScopeExit&) = delete;
    ~ScopeExit();
    void dismiss() { fn_ = nullptr; }

  private:
    std::function<void()> fn_;
};

// Where things live: $XDG_RUNTIME_DIR/muster (else /tmp/muster-<uid>, checked to be ours),
// $XDG_DATA_HOME/muster, $XDG_CACHE_HOME/muster, $XDG_CONFIG_HOME/muster. Folders are made with
// mode 0700.
std::filesystem::path runtime_dir();
std::filesystem::path data_dir();
std::filesystem::path cache_dir();
std::filesystem::path config_dir();

}  // namespace base
