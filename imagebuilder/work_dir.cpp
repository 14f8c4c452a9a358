// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/work_dir.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <cstdlib>
#include <sstream>
#include <vector>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/random.h"
#include "imagebuilder/tree/sandbox.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

constexpr const char* kMemory = "/dev/shm";
constexpr const char* kKept = "kept";  // a file that says: the user wants this one
constexpr std::uint64_t kRoomInMemory = 6 * base::kGiB;

std::uint64_t available_memory() {
    std::istringstream lines(base::read_file("/proc/meminfo"));
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("MemAvailable:")) {
            return std::strtoull(line.c_str() + 13, nullptr, 10) * base::kKiB;
        }
    }
    return 0;
}

// A tree is written once, read once and thrown away: in memory no disk has to keep up with it.
bool has_room_in_memory() {
    struct statvfs info {};
    return ::statvfs(kMemory, &info) == 0 && (info.f_flag & ST_NOEXEC) == 0 &&
           std::uint64_t{info.f_bavail} * info.f_frsize >= kRoomInMemory &&
           available_memory() >= kRoomInMemory;
}

fs::path private_folder(const fs::path& path) {
    base::make_dirs(path, 0700);
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0 || !S_ISDIR(info.st_mode) || info.st_uid != ::geteuid() ||
        (info.st_mode & 0022U) != 0) {
        throw base::Error(base::ErrorKind::environment,
                          fmt::format("'{}' is not a private folder of this user", path.string()),
                          "remove it, or set MUSTER_WORK_DIR to a folder of your own");
    }
    return path;
}

fs::path work_parent() {
    const fs::path scratch = scratch_dir();
    return scratch.empty() ? private_folder(base::cache_dir() / "work")
                           : private_folder(scratch / fmt::format("muster-work-{}", ::geteuid()));
}

// Folders of builds that ended without cleaning up, because nobody holds their lock.
void sweep(const fs::path& parent) {
    std::vector<fs::path> folders;
    for (const auto& entry : fs::directory_iterator(parent)) {
        if (entry.is_directory() && !fs::exists(entry.path() / kKept)) {
            folders.push_back(entry.path());
        }
    }
    for (const fs::path& folder : folders) {
        const fs::path lock_path = folder.string() + ".lock";
        if (fs::exists(lock_path) && base::FileLock::try_lock(lock_path)) {
            remove_tree(folder);
            base::remove_all(lock_path);
        }
    }
}

}  // namespace

fs::path scratch_dir() {
    const char* chosen = std::getenv("MUSTER_WORK_DIR");
    if (chosen != nullptr && *chosen != '\0') {
        return chosen;
    }
    return has_room_in_memory() ? kMemory : "";
}

WorkDir::WorkDir(bool keep_on_error) : keep_on_error_(keep_on_error) {
    const fs::path parent = work_parent();
    const base::FileLock all(parent / "all.lock");  // a new folder and its lock come together
    sweep(parent);
    path_ = parent / base::random_hex(12);
    lock_ = base::FileLock::try_lock(path_.string() + ".lock");
    base::make_dirs(path_ / "tree", 0755);
}

WorkDir::~WorkDir() {
    base::guarded("work folder", [this] {
        if (path_.empty()) {
            return;
        }
        if (keep_on_error_) {
            base::write_file(path_ / kKept, "");
        } else {
            remove();
        }
    });
}

void WorkDir::remove() {
    if (fs::is_empty(tree())) {
        base::remove_all(path_);  // no other owners in it, so no namespace is needed
    } else {
        remove_tree(path_);
    }
    base::remove_all(path_.string() + ".lock");
    path_.clear();
}

}  // namespace imagebuilder
