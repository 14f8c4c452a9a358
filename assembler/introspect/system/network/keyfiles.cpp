// SPDX-License-Identifier: Apache-2.0
// systemd-networkd, NetworkManager and Red Hat's scripts: keys and values.
#include <algorithm>

#include "assembler/introspect/system/network/network.h"
#include "assembler/introspect/system/text.h"

namespace assembler::introspect {

namespace {

void add_all(std::vector<std::string>& to, const std::vector<std::string_view>& words) {
    for (const std::string_view word : words) {
        if (!word.empty()) {
            to.emplace_back(word);
        }
    }
}

// "10.0.0.5/24,10.0.0.1" of a keyfile: address and gateway.
void add_keyfile_address(InterfaceFact& interface, std::string_view value) {
    const auto parts = split(value, ',');
    interface.addresses.emplace_back(trimmed(parts[0]));
    if (parts.size() > 1 && interface.gateway.empty()) {
        interface.gateway = trimmed(parts[1]);
    }
}

void finish_method(InterfaceFact& interface) {
    if (interface.method.empty()) {
        interface.method = interface.addresses.empty() ? "manual" : "static";
    }
}

std::string file_stem(const std::string& path) {
    const std::string file = path.substr(path.rfind('/') + 1);
    return file.substr(0, file.rfind('.'));
}

}  // namespace

std::vector<InterfaceFact> parse_networkd(std::string_view text, const std::string& path) {
    InterfaceFact interface {
        .evidence = {.file = path }
    };
    std::string mac;
    for (const IniEntry& entry : parse_ini(text)) {
        const bool in_match = entry.section == "Match";
        if (in_match && entry.key == "Name") {
            interface.name = entry.value;
            interface.evidence.line = entry.line;
        } else if (in_match && (entry.key == "MACAddress" || entry.key == "Type")) {
            mac = entry.value;
        } else if (entry.key == "DHCP") {
            const bool is_on = entry.value == "yes" || entry.value == "true" ||
                               entry.value == "ipv4" || entry.value == "ipv6";
            interface.method = is_on ? "dhcp" : interface.method;
        } else if (entry.key == "Address" && entry.section != "Match") {
            add_all(interface.addresses, words_of(entry.value));
        } else if (entry.key == "Gateway" && interface.gateway.empty()) {
            interface.gateway = entry.value;
        } else if (entry.key == "DNS") {
            add_all(interface.dns, words_of(entry.value));
        }
    }
    if (interface.name.empty()) {
        interface.name = mac.empty() ? file_stem(path) : mac;
    }
    finish_method(interface);
    return interface.name == "lo" ? std::vector<InterfaceFact>() : std::vector{interface};
}

std::vector<InterfaceFact> parse_keyfile(std::string_view text, const std::string& path) {
    InterfaceFact interface {
        .evidence = {.file = path }
    };
    std::string id = file_stem(path);
    bool is_connection = false;
    for (const IniEntry& entry : parse_ini(text)) {
        const bool is_ip = entry.section == "ipv4" || entry.section == "ipv6";
        if (entry.section == "connection" && entry.key == "id") {
            id = entry.value;
            is_connection = true;
        } else if (entry.section == "connection" && entry.key == "interface-name") {
            interface.name = entry.value;
            interface.evidence.line = entry.line;
        } else if (is_ip && entry.key == "method" && entry.section == "ipv4") {
            interface.method = entry.value == "auto" ? "dhcp" : entry.value;
            interface.method = entry.value == "disabled" ? "manual" : interface.method;
            interface.method = entry.value == "manual" ? "static" : interface.method;
        } else if (is_ip && (entry.key == "address" || entry.key.starts_with("address")) &&
                   entry.key != "address-data") {
            add_keyfile_address(interface, entry.value);
        } else if (is_ip && entry.key == "gateway" && interface.gateway.empty()) {
            interface.gateway = entry.value;
        } else if (is_ip && entry.key == "dns") {
            add_all(interface.dns, split(entry.value, ';'));
        }
    }
    interface.name = interface.name.empty() ? id : interface.name;
    finish_method(interface);
    return is_connection ? std::vector{interface} : std::vector<InterfaceFact>();
}

std::vector<InterfaceFact> parse_ifcfg(std::string_view text, const std::string& path) {
    constexpr std::string_view kPrefix = "ifcfg-";
    InterfaceFact interface {
        .evidence = {.file = path }
    };
    const std::size_t at = path.rfind(kPrefix);
    interface.name = at == std::string::npos ? path : path.substr(at + kPrefix.size());
    std::string address;
    std::string prefix;
    for (const IniEntry& entry : parse_ini(text)) {
        const std::string value(unquoted(entry.value));
        if (entry.key == "DEVICE") {
            interface.name = value;
            interface.evidence.line = entry.line;
        } else if (entry.key == "BOOTPROTO" && value != "none") {
            interface.method = value;
        } else if (entry.key == "IPADDR" || entry.key == "IPADDR0") {
            address = value;
        } else if (entry.key == "PREFIX" || entry.key == "PREFIX0" || entry.key == "NETMASK") {
            const int length = prefix_length(value);
            prefix = length < 0 ? "" : "/" + std::to_string(length);
        } else if (entry.key == "GATEWAY") {
            interface.gateway = value;
        } else if (entry.key.starts_with("DNS") && entry.key.size() == 4) {
            interface.dns.push_back(value);
        }
    }
    if (!address.empty()) {
        interface.addresses.push_back(address + prefix);
    }
    finish_method(interface);
    return interface.name == "lo" ? std::vector<InterfaceFact>() : std::vector{interface};
}

}  // namespace assembler::introspect
