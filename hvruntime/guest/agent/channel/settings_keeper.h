// SPDX-License-Identifier: Apache-2.0
// Keeps the files of /etc/muster/config.d true while keys change, in the daemon's event loop, and
// says under muster.config.error what is wrong.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "hvruntime/guest/agent/channel/event_loop.h"
#include "hvruntime/guest/agent/channel/guest_state.h"
#include "hvruntime/guest/agent/channel/unit_changes.h"
#include "hvruntime/guest/agent/places.h"

namespace hvruntime::agent {

class SettingsKeeper {
  public:
    // `set` makes a key of the guest's; `state` outlives this.
    SettingsKeeper(EventLoop& loop, const Places& places, const GuestState& state,
                   std::function<void(const KeyWrite&)> set);

    // One batch: the files that follow from it, then the units concerned, once.
    void keys_changed(std::span<const std::string> keys);
    // Throws invalid_input for a value that its key cannot have.
    void require_good(std::span<const KeyWrite> writes) const;

  private:
    void apply();
    void report();

    const Places places_;
    const GuestState& state_;
    std::function<void(const KeyWrite&)> set_;
    UnitChanges units_;
    std::vector<std::string> faults_;         // of the last time
    std::vector<std::string> unit_failures_;  // of the last time
};

}  // namespace hvruntime::agent
