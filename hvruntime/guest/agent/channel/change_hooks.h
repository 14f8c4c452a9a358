// SPDX-License-Identifier: Apache-2.0
// Runs /etc/muster/change.d/* as "HOOK KEY" when the host changed a key: one at a time, in the
// order of the changes; a key that waits already is not queued again. Runs in the daemon's event
// loop.
#pragma once

#include <deque>
#include <filesystem>
#include <string>
#include <vector>

#include "hvruntime/guest/agent/channel/async_command.h"
#include "hvruntime/guest/agent/channel/event_loop.h"
#include "hvruntime/guest/agent/places.h"

namespace hvruntime::agent {

// The executable files of the folder by name; none when there is no folder.
std::vector<std::filesystem::path> list_hooks(const std::filesystem::path& folder);

class ChangeHooks {
  public:
    ChangeHooks(EventLoop& loop, const Places& places) : places_(places), running_(loop) {}
    void key_changed(const std::string& key);

  private:
    void start_next();
    void next_hook();

    const Places places_;
    std::deque<std::string> keys_;
    std::deque<std::filesystem::path> hooks_;  // still to run for keys_.front()
    AsyncCommand running_;
    std::string running_line_;
};

}  // namespace hvruntime::agent
