// SPDX-License-Identifier: Apache-2.0
// The verbs for keys and events. Reading works before the daemon runs, from what is in /run;
// setting does too: the daemon finds it when it starts.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "hvruntime/guest/agent/places.h"

namespace hvruntime::agent {

void print_key(const std::string& key, const Places& places);
void print_list(const std::string& prefix, const Places& places);
// Keys and values by turns.
void set_keys(const std::vector<std::string>& words, bool secret, const Places& places);
void delete_keys(const std::vector<std::string>& keys, const Places& places);
// Prints the value. Without a limit it waits for ever.
void wait_for_key(const std::string& key, const std::optional<std::string>& value,
                  std::optional<std::chrono::milliseconds> limit, const Places& places);
void send_event(const std::string& text, const Places& places);

}  // namespace hvruntime::agent
