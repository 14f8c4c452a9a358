// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/cache/cache_lock.h"

#include <thread>

#include "base/error.h"
#include "base/interrupt.h"

namespace imagebuilder {

namespace {

using base::FileLock;

std::filesystem::path use_lock_path() {
    return base::cache_dir() / "use.lock";
}

FileLock wait_for_cache(FileLock::Mode mode, std::chrono::milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (true) {
        FileLock lock = FileLock::try_lock(use_lock_path(), mode);
        if (lock || std::chrono::steady_clock::now() >= deadline) {
            return lock;
        }
        base::interrupt().check();
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
}

}  // namespace

// Removing takes seconds; whoever still waits after minutes would wait for ever.
CacheUse::CacheUse() : lock_(wait_for_cache(FileLock::Mode::shared, std::chrono::minutes(10))) {
    if (!lock_) {
        throw base::Error(base::ErrorKind::timeout, "the cache of images is pruned for too long",
                          "see whether a 'muster cache prune' hangs");
    }
}

CacheAlone::CacheAlone(std::chrono::milliseconds limit)
    : lock_(wait_for_cache(FileLock::Mode::exclusive, limit)) {
    if (!lock_) {
        throw base::Error(base::ErrorKind::conflict, "the cache of images is in use: a build runs",
                          "try again when it has ended");
    }
}

}  // namespace imagebuilder
