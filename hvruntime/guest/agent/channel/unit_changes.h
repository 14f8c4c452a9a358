// SPDX-License-Identifier: Apache-2.0
// Restarts and reloads units after their files have changed, in the daemon's event loop: one
// systemctl at a time; what comes meanwhile is gathered and done in one go.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/process.h"
#include "hvruntime/guest/agent/channel/async_command.h"
#include "hvruntime/guest/agent/channel/event_loop.h"
#include "hvruntime/guest/agent/places.h"
#include "hvruntime/guest/agent/settings/plan_settings.h"

namespace hvruntime::agent {

class UnitChanges {
  public:
    // `on_end` hears what failed, after all that was asked for is done; nothing when all went well.
    UnitChanges(EventLoop& loop, const Places& places,
                std::function<void(const std::vector<std::string>& failures)> on_end)
        : loop_(loop), places_(places), on_end_(std::move(on_end)), command_(loop) {}

    void change(const UnitsToChange& units);

  private:
    void start_next();
    void run_one();

    EventLoop& loop_;
    const Places places_;
    std::function<void(const std::vector<std::string>&)> on_end_;
    AsyncCommand command_;
    std::set<std::string> restart_;  // not begun
    std::set<std::string> reload_;
    std::vector<base::Command> commands_;  // of the batch under way, the last one first
    std::vector<std::string> failures_;
};

}  // namespace hvruntime::agent
