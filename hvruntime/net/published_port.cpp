// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/net/published_port.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"

namespace hvruntime {

std::uint16_t require_port(const base::Json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_number_unsigned() ||
        found->get<std::uint64_t>() > 65535) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("'{}' is not a port number", key));
    }
    return found->get<std::uint16_t>();
}

base::Json to_json(const PublishedPort& port) {
    return base::Json{{"host_address", port.host_address},
                      {"host_port", port.host_port},
                      {"guest_ip", port.guest_ip},
                      {"guest_port", port.guest_port}};
}

PublishedPort parse_published_port(const base::Json& json) {
    PublishedPort port{.host_address = base::string_or(json, "host_address", "127.0.0.1"),
                       .host_port = require_port(json, "host_port"),
                       .guest_ip = base::require_string(json, "guest_ip"),
                       .guest_port = require_port(json, "guest_port")};
    if (port.guest_port == 0) {
        throw base::Error(base::ErrorKind::invalid_input, "'guest_port' is 0");
    }
    return port;
}

std::vector<PublishedPort> read_published_ports(const std::filesystem::path& path) {
    if (!std::filesystem::exists(path)) {
        return {};
    }
    return base::in_context(path.string(), [&] {
        const base::Json json = base::parse_json(base::read_file(path), "state");
        std::vector<PublishedPort> ports;
        if (json.is_object() && json.contains("published") && json["published"].is_array()) {
            for (const base::Json& entry : json["published"]) {
                ports.push_back(parse_published_port(entry));
            }
        }
        return ports;
    });
}

void write_published_ports(const std::filesystem::path& path,
                           const std::vector<PublishedPort>& ports) {
    base::Json list = base::Json::array();
    for (const PublishedPort& port : ports) {
        list.push_back(to_json(port));
    }
    base::write_file(path, base::to_json_text(base::Json{{"published", list}}, 2) + "\n", 0600);
}

}  // namespace hvruntime
