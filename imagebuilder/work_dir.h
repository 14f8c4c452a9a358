// SPDX-License-Identifier: Apache-2.0
// The folder of one build, with its tree: below scratch_dir(), else in cache_dir()/work. Removed at
// the end, whatever happens; what a killed build left is removed by the next one (a lock tells them
// apart).
#pragma once

#include <filesystem>
#include <optional>

#include "base/file.h"

namespace imagebuilder {

// $MUSTER_WORK_DIR; else /dev/shm when it and the memory have 6 GiB to spare; else empty.
std::filesystem::path scratch_dir();

class WorkDir {
  public:
    // keep_on_error: without remove(), the folder stays for the user.
    explicit WorkDir(bool keep_on_error);
    WorkDir(const WorkDir&) = delete;
    WorkDir& operator=(const WorkDir&) = delete;
    ~WorkDir();

    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path tree() const { return path_ / "tree"; }
    void remove();

  private:
    std::filesystem::path path_;
    bool keep_on_error_;
    std::optional<base::FileLock> lock_;
};

}  // namespace imagebuilder
