// SPDX-License-Identifier: Apache-2.0
// What the verbs of muster-guest ask its daemon over /run/muster-guest/sock: one line of JSON each
// way. The same line in a file of the spool folder is done when the daemon starts.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "hvruntime/guest/agent/places.h"
#include "hvruntime/guest/key_entry.h"

namespace hvruntime::agent {

struct LocalRequest {
    enum class Kind { get, set, list, wait, event };
    Kind kind = Kind::get;
    std::string key;                   // get, wait; the prefix for list
    std::optional<std::string> value;  // wait
    std::vector<KeyWrite> writes;      // set
    std::string text;                  // event
};

std::string to_line(const LocalRequest& request);
LocalRequest parse_local_request(std::string_view line);

// The answer: entries (none: not found) or an error.
std::string reply_line(const std::vector<KeyEntry>& entries);
std::string reply_line(const base::Error& error);
// Throws the error that the reply holds.
std::vector<KeyEntry> parse_local_reply(std::string_view line);

// Sends it and waits for the answer. nullopt: no daemon listens. Throws timeout.
std::optional<std::vector<KeyEntry>> ask_daemon(const LocalRequest& request, const Places& places,
                                                std::chrono::milliseconds limit);
// Leaves it for the daemon.
void spool_request(const LocalRequest& request, const Places& places);

}  // namespace hvruntime::agent
