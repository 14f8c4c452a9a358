// SPDX-License-Identifier: Apache-2.0
// The main of a network's switch process. One thread, one poll loop: frames between the ports, the
// service address (ARP, DHCP, DNS, ping), the uplink (libslirp) and the control socket. Survives
// the death of whoever started it; SIGTERM ends it and removes its sockets.
#pragma once

#include <filesystem>

namespace hvruntime {

// spec_path is SPEC.json; beside it lie state.json (published ports) and lock. Returns the exit
// code after SIGTERM or SIGINT. conflict: a switch for this spec runs already.
int run_switch(const std::filesystem::path& spec_path);

}  // namespace hvruntime
