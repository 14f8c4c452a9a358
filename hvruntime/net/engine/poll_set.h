// SPDX-License-Identifier: Apache-2.0
// One round of poll(2), filled anew each time: every part of the switch adds its descriptors and
// the time by which it wants to be called again.
#pragma once

#include <poll.h>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "base/error.h"

namespace hvruntime::net {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;

class PollSet {
  public:
    void clear() {
        entries_.clear();
        wake_.reset();
    }
    std::size_t add(int fd, short events) {
        entries_.push_back({fd, events, 0});
        return entries_.size() - 1;
    }
    void wake_by(TimePoint when) { wake_ = wake_ ? std::min(*wake_, when) : when; }
    std::optional<TimePoint> wake() const { return wake_; }
    short revents(std::size_t index) const { return entries_[index].revents; }

    void wait(TimePoint now) {
        int limit = -1;
        if (wake_) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(*wake_ - now).count();
            limit = static_cast<int>(std::clamp<long>(left, 0, 60000));
        }
        if (::poll(entries_.data(), entries_.size(), limit) < 0) {
            if (errno != EINTR && errno != EAGAIN) {
                throw base::SystemError(errno, "cannot wait for frames");
            }
            for (pollfd& entry : entries_) {
                entry.revents = 0;
            }
        }
    }

  private:
    std::vector<pollfd> entries_;
    std::optional<TimePoint> wake_;
};

}  // namespace hvruntime::net
