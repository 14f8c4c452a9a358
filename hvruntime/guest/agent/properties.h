// SPDX-License-Identifier: Apache-2.0
// What configure leaves for the other verbs of this boot: the properties of the environment, and
// what the machine is. Both are for root only.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "hvruntime/guest/agent/config/guest_config.h"
#include "hvruntime/guest/agent/places.h"

namespace hvruntime::agent {

void write_properties(const std::vector<Property>& properties, const Places& places);
// Empty when configure has not run.
std::map<std::string, std::string> read_properties(const Places& places);

struct MachineFacts {
    std::string instance_id;
    std::vector<std::string> addresses;  // that the interfaces are to get
};
void write_machine_facts(const GuestConfig& config, const Places& places);
MachineFacts read_machine_facts(const Places& places);

}  // namespace hvruntime::agent
