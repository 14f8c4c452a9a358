// SPDX-License-Identifier: Apache-2.0
// A token bucket: so many at once, so many a second. Not thread-safe.
#pragma once

#include <algorithm>

#include "hvruntime/net/engine/poll_set.h"

namespace hvruntime::net {

class RateLimit {
  public:
    RateLimit(double per_second, double burst)
        : per_second_(per_second), burst_(burst), tokens_(burst) {}

    bool take(TimePoint now) {
        const std::chrono::duration<double> passed = now - last_;
        last_ = now;
        tokens_ = std::min(burst_, tokens_ + std::max(0.0, passed.count()) * per_second_);
        if (tokens_ < 1) {
            return false;
        }
        tokens_ -= 1;
        return true;
    }

  private:
    double per_second_;
    double burst_;
    double tokens_;
    TimePoint last_ = TimePoint();
};

}  // namespace hvruntime::net
