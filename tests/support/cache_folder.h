// SPDX-License-Identifier: Apache-2.0
// A cache folder for one test case: the user's own is neither read nor filled.
#pragma once

#include <cstdlib>
#include <string>

#include "base/file.h"

namespace tests {

class CacheFolder {
  public:
    CacheFolder() { ::setenv("XDG_CACHE_HOME", dir_.path().c_str(), 1); }
    CacheFolder(const CacheFolder&) = delete;
    CacheFolder& operator=(const CacheFolder&) = delete;
    ~CacheFolder() {
        if (old_.empty()) {
            ::unsetenv("XDG_CACHE_HOME");
        } else {
            ::setenv("XDG_CACHE_HOME", old_.c_str(), 1);
        }
    }

  private:
    base::TempDir dir_;
    std::string old_ =
        std::getenv("XDG_CACHE_HOME") != nullptr ? std::getenv("XDG_CACHE_HOME") : "";
};

}  // namespace tests
