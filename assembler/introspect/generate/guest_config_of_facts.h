// SPDX-License-Identifier: Apache-2.0
// What makes a machine read its properties: /etc/muster/config.d/introspected.json, from which
// muster-guest writes the machine's files at first boot and when a value changes
// (hvruntime/doc/guest_config.md). Pure.
#pragma once

#include <map>
#include <string>

#include "assembler/introspect/generate/wiring.h"
#include "ovfkit/env/config/config_schema.h"

namespace assembler {

inline constexpr const char* kIntrospectedConfig = "/etc/muster/config.d/introspected.json";

// Keys that no file uses are left out.
ovfkit::ConfigSchema guest_config_of(const MachineFacts& machine, const MachineWiring& wiring);

// The JSON text for each machine, by name; machines without anything to write have none.
std::map<std::string, std::string> guest_config_of_facts(
    const std::vector<MachineFacts>& machines, const std::map<std::string, MachineWiring>& wirings);

// Does the text hold values of secrets?
bool holds_secrets(const MachineWiring& wiring);

}  // namespace assembler
