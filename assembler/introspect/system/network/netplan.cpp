// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include "assembler/introspect/system/network/network.h"
#include "assembler/introspect/system/text.h"
#include "base/yaml.h"

namespace assembler::introspect {

namespace {

using base::YamlNode;

std::optional<YamlNode> child_of(const YamlNode& map, std::string_view key) {
    if (map.type() == YamlNode::Type::map) {
        for (const auto& [name, node] : map.as_map()) {
            if (name == key) {
                return node;
            }
        }
    }
    return std::nullopt;
}

std::string scalar_of(const YamlNode& map, std::string_view key) {
    const auto node = child_of(map, key);
    return node && node->type() == YamlNode::Type::scalar ? node->as_string() : "";
}

// A list of scalars; an address with options is a map with the address as its key.
std::vector<std::string> texts_of(const YamlNode& map, std::string_view key) {
    std::vector<std::string> texts;
    const auto list = child_of(map, key);
    if (!list || list->type() != YamlNode::Type::sequence) {
        return texts;
    }
    for (const YamlNode& item : list->as_sequence()) {
        if (item.type() == YamlNode::Type::scalar) {
            texts.push_back(item.as_string());
        } else if (item.type() == YamlNode::Type::map && !item.as_map().empty()) {
            texts.push_back(item.as_map().front().first);
        }
    }
    return texts;
}

std::string gateway_of(const YamlNode& device) {
    const auto routes = child_of(device, "routes");
    if (routes && routes->type() == YamlNode::Type::sequence) {
        for (const YamlNode& route : routes->as_sequence()) {
            const std::string to = scalar_of(route, "to");
            if (to == "default" || to == "0.0.0.0/0" || to == "::/0") {
                return scalar_of(route, "via");
            }
        }
    }
    return scalar_of(device, "gateway4");
}

// The line of "netplan.yaml:3:5".
int line_of(const YamlNode& node) {
    const std::string where = node.where();
    const std::size_t column = where.rfind(':');
    const std::size_t line = where.rfind(':', column == std::string::npos ? column : column - 1);
    if (column == std::string::npos || line == std::string::npos) {
        return 0;
    }
    const auto number = find_number(std::string_view(where).substr(line + 1, column - line - 1));
    return number ? static_cast<int>(*number) : 0;
}

InterfaceFact interface_of(const std::string& name, const YamlNode& device,
                           const std::string& path) {
    InterfaceFact interface {
        .name = name, .addresses = texts_of(device, "addresses"), .gateway = gateway_of(device),
        .evidence = {
            .file = path,
            .line = line_of(device)
        }
    };
    const std::string dhcp = scalar_of(device, "dhcp4");
    if (dhcp == "true" || dhcp == "yes" || dhcp == "on") {
        interface.method = "dhcp";
    } else {
        interface.method = interface.addresses.empty() ? "manual" : "static";
    }
    if (const auto servers = child_of(device, "nameservers")) {
        interface.dns = texts_of(*servers, "addresses");
    }
    return interface;
}

}  // namespace

std::vector<InterfaceFact> parse_netplan(std::string_view text, const std::string& path) {
    std::vector<InterfaceFact> interfaces;
    const auto network = child_of(base::parse_yaml(text, path), "network");
    if (!network) {
        return interfaces;
    }
    for (const char* kind : {"ethernets", "bonds", "bridges", "vlans", "wifis"}) {
        const auto devices = child_of(*network, kind);
        if (!devices || devices->type() != YamlNode::Type::map) {
            continue;
        }
        for (const auto& [name, device] : devices->as_map()) {
            const auto match = child_of(device, "match");
            const std::string matched = match ? scalar_of(*match, "name") : "";
            interfaces.push_back(interface_of(matched.empty() ? name : matched, device, path));
        }
    }
    return interfaces;
}

}  // namespace assembler::introspect
