// SPDX-License-Identifier: Apache-2.0
// Who uses the cache: builds, and whoever works with paths into it, hold a CacheUse; only when
// nobody does may something be removed.
#pragma once

#include <chrono>

#include "base/file.h"

namespace imagebuilder {

// Waits while the cache is pruned. Several at once are fine, in one process too.
class CacheUse {
  public:
    CacheUse();

  private:
    base::FileLock lock_;
};

// The cache for oneself. Waits up to `limit` for builds to end, then throws conflict.
class CacheAlone {
  public:
    explicit CacheAlone(std::chrono::milliseconds limit);

  private:
    base::FileLock lock_;
};

}  // namespace imagebuilder
