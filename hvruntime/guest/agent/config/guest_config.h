// SPDX-License-Identifier: Apache-2.0
// What a machine is told about itself, from the OVF environment and from muster.json: read and
// checked here, applied elsewhere. What would not survive in a configuration file is refused by
// name.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hvruntime::agent {

struct Property {
    std::string key;
    std::string value;
};

struct Interface {
    std::string mac;  // one of the two is set
    std::string name;
    std::string address;  // with prefix length; empty: DHCP
    std::string gateway;  // may be empty
    std::vector<std::string> dns;
    std::vector<std::string> search;
};

struct GuestConfig {
    std::string instance_id;
    std::string hostname;
    std::string domain;
    std::vector<std::string> dns;
    std::vector<std::string> search;
    std::vector<Interface> interfaces;
    std::vector<std::string> host_lines;  // for /etc/hosts
    std::string user;                     // who gets password and keys
    std::string password;
    std::string root_password;
    std::vector<std::string> public_keys;
    std::string timezone;
    std::vector<Property> properties;  // all of them, for the applications
    std::vector<std::string> refused;  // "property 'x': why"
};

// Either text may be missing. Throws invalid_input when one is there and cannot be read at all.
GuestConfig parse_guest_config(const std::optional<std::string>& ovf_env,
                               const std::optional<std::string>& machine_json);

// "255.255.255.0" to 24; nullopt when it is no netmask.
std::optional<int> prefix_of_netmask(std::string_view netmask);

}  // namespace hvruntime::agent
