// SPDX-License-Identifier: Apache-2.0
// Old addresses that stand in files outside of what was recognised: listening addresses, access
// lists, comments of tools. Each becomes the address that the machine has in the deployment, each
// subnet the one around it. And /etc/hosts, where names of peers keep leading to them.
#pragma once

#include "assembler/introspect/generate/wiring_parts.h"

namespace assembler {

void sweep_addresses(const MachineFacts& machine, const WiringInputs& in, MachineWiring& wiring);
void wire_hosts_file(const MachineFacts& machine, const WiringInputs& in, MachineWiring& wiring);

// Says how machines reach the network: generalising replaces it, see generalise.h.
bool is_network_file(std::string_view path);

}  // namespace assembler
