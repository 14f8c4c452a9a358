// SPDX-License-Identifier: Apache-2.0
// One program at a time in the daemon's event loop, ended when its time is over.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "base/fd.h"
#include "base/process.h"
#include "hvruntime/guest/agent/channel/event_loop.h"

namespace hvruntime::agent {

class AsyncCommand {
  public:
    explicit AsyncCommand(EventLoop& loop) : loop_(loop) {}

    bool running() const { return running_.has_value(); }
    // Nothing else may be running. `on_end` comes from the loop, with the exit status; it may start
    // the next one. Throws when there is no such program.
    void start(const base::Command& command, std::chrono::milliseconds limit,
               std::function<void(int status)> on_end);

  private:
    void finished(int status);

    EventLoop& loop_;
    std::optional<base::Process> running_;
    std::function<void(int)> on_end_;
    base::UniqueFd pidfd_;
    EventLoop::Id watch_ = 0;
    EventLoop::Id timer_ = 0;
};

}  // namespace hvruntime::agent
