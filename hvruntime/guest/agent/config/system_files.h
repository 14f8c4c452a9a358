// SPDX-License-Identifier: Apache-2.0
// The files of a machine that say who it is and how it reaches the network. Texts are made by pure
// functions; apply_…() writes them below `places` and tells the running kernel when that is live.
#pragma once

#include <string>
#include <string_view>

#include "hvruntime/guest/agent/config/guest_config.h"
#include "hvruntime/guest/agent/places.h"

namespace hvruntime::agent {

// systemd.network(5), and its file name.
std::string network_file_text(const Interface& interface, const GuestConfig& config);
std::string network_file_name(const Interface& interface);
// The old text with our lines between their markers; the rest is the user's.
std::string hosts_text(std::string_view old_text, const GuestConfig& config);
// The lines between our markers, with them; empty: there are none.
std::string hosts_block(std::string_view text);
std::string resolv_conf_text(const GuestConfig& config);

void apply_network(const GuestConfig& config, const Places& places);
void apply_host_name(const GuestConfig& config, const Places& places);
void apply_hosts(const GuestConfig& config, const Places& places);
void apply_resolver(const GuestConfig& config, const Places& places);
void apply_timezone(const GuestConfig& config, const Places& places);

}  // namespace hvruntime::agent
