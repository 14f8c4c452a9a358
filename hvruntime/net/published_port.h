// SPDX-License-Identifier: Apache-2.0
// A port of a guest made reachable on the host, and the state file in which a switch remembers its
// own: {"published":[…]}, written whole.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"

namespace hvruntime {

struct PublishedPort {
    std::string host_address = "127.0.0.1";
    std::uint16_t host_port = 0;  // 0: a free one is chosen
    std::string guest_ip;
    std::uint16_t guest_port = 0;
    bool operator==(const PublishedPort&) const = default;
};

base::Json to_json(const PublishedPort& port);
PublishedPort parse_published_port(const base::Json& json);  // throws invalid_input

std::vector<PublishedPort> read_published_ports(const std::filesystem::path& path);  // absent: none
void write_published_ports(const std::filesystem::path& path,
                           const std::vector<PublishedPort>& ports);

// A JSON number from 0 to 65535.
std::uint16_t require_port(const base::Json& object, const char* key);

}  // namespace hvruntime
