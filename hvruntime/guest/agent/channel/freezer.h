// SPDX-License-Identifier: Apache-2.0
// Lets the machine's file systems stand still when the host asks: `muster-guest freeze` as a child
// of the daemon, which thaws them when it is told, when its time is over, and when the daemon has
// gone. Runs in the daemon's event loop, which must not write to a disk while active().
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "base/fd.h"
#include "base/process.h"
#include "hvruntime/guest/agent/channel/event_loop.h"
#include "hvruntime/guest/agent/places.h"
#include "hvruntime/guest/freeze_note.h"

namespace hvruntime::agent {

class Freezer {
  public:
    // `on_note` hears what the host is to be told; `on_end` that disks can be written to again.
    Freezer(EventLoop& loop, const Places& places, std::function<void(const FreezeNote&)> on_note,
            std::function<void()> on_end);
    Freezer(const Freezer&) = delete;
    Freezer& operator=(const Freezer&) = delete;
    ~Freezer();  // thaws

    // A freeze or thaw of the host's; others are passed over.
    void take(const FreezeNote& note);
    bool active() const { return child_.has_value(); }

  private:
    void freeze(const FreezeNote& note);
    void thaw(const FreezeNote& note);
    void read_child();
    void take_line(const std::string& line);
    void finish();
    void tell(FreezeNote note);

    EventLoop& loop_;
    const Places places_;
    std::function<void(const FreezeNote&)> on_note_;
    std::function<void()> on_end_;
    std::uint64_t id_ = 0;
    bool frozen_ = false;  // was told
    bool answered_ = false;
    std::optional<FreezeNote> last_;  // said by the program, which has not ended yet
    base::UniqueFd to_child_;
    base::UniqueFd from_child_;
    std::string partial_;
    EventLoop::Id watch_ = 0;
    std::optional<base::Process> child_;
};

}  // namespace hvruntime::agent
