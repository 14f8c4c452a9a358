// SPDX-License-Identifier: Apache-2.0
// One thread that sleeps until a file descriptor is ready or a time has come. Handlers run one
// after the other and may add and remove anything, themselves included. Descriptors are borrowed.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "base/fd.h"

namespace hvruntime::agent {

class EventLoop {
  public:
    using Clock = std::chrono::steady_clock;
    using Id = std::uint64_t;  // never 0, never used again

    EventLoop();

    // `events` as for epoll_ctl(2).
    Id add(int fd, std::uint32_t events, std::function<void(std::uint32_t)> handler);
    void modify(Id id, int fd, std::uint32_t events);
    void remove(Id id, int fd);
    Id after(std::chrono::milliseconds delay, std::function<void()> handler);
    void cancel(Id id);  // unknown ones are fine

    void run();
    void stop() { stopped_ = true; }

  private:
    struct Timer {
        Clock::time_point at;
        std::function<void()> handler;
    };
    int next_timeout() const;
    void run_due_timers();

    base::UniqueFd epoll_;
    Id last_id_ = 0;
    std::map<Id, std::shared_ptr<std::function<void(std::uint32_t)>>> handlers_;
    std::map<Id, Timer> timers_;
    bool stopped_ = false;
};

}  // namespace hvruntime::agent
