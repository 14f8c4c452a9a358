// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/system/network/network.h"

#include <algorithm>
#include <set>

#include "assembler/introspect/system/text.h"

namespace assembler::introspect {

namespace {

using imagebuilder::TreeEntry;
using Parser = std::vector<InterfaceFact> (*)(std::string_view, const std::string&);

constexpr std::size_t kMaxInterfaces = 500;
constexpr std::size_t kMaxSources = 100;

void add_interfaces(Reading& reading, std::vector<InterfaceFact> interfaces) {
    std::vector<InterfaceFact>& all = reading.facts().interfaces;
    for (InterfaceFact& one : interfaces) {
        // ifupdown has a stanza for each family, netplan a file that completes another.
        const auto same = std::find_if(all.begin(), all.end(), [&](const InterfaceFact& other) {
            return other.name == one.name;
        });
        if (same == all.end()) {
            if (all.size() < kMaxInterfaces) {
                all.push_back(std::move(one));
            }
            continue;
        }
        same->method = one.method.empty() || one.method == "manual" ? same->method : one.method;
        same->gateway = same->gateway.empty() ? one.gateway : same->gateway;
        same->addresses.insert(same->addresses.end(), one.addresses.begin(), one.addresses.end());
        same->dns.insert(same->dns.end(), one.dns.begin(), one.dns.end());
    }
}

void read_folder(Reading& reading, const std::string& folder, std::string_view ending,
                 Parser parse) {
    for (const TreeEntry& entry : reading.list(folder)) {
        const std::string path = folder + "/" + entry.name;
        if (!entry.name.ends_with(ending) || entry.name.ends_with("~")) {
            continue;
        }
        reading.part(path, [&] {
            if (const auto text = reading.text(path)) {
                add_interfaces(reading, parse(*text, path));
            }
        });
    }
}

void read_ifupdown(Reading& reading) {
    std::vector<std::string> left{"/etc/network/interfaces"};
    std::set<std::string> seen;
    while (!left.empty() && seen.size() < kMaxSources) {
        const std::string path = left.back();
        left.pop_back();
        const auto text = seen.insert(path).second ? reading.text(path) : std::nullopt;
        if (!text) {
            continue;
        }
        std::vector<std::string> sources;
        add_interfaces(reading, parse_ifupdown(*text, path, sources));
        for (const std::string& pattern : sources) {
            const std::string folder = pattern.substr(0, pattern.rfind('/'));
            for (const TreeEntry& entry : reading.list(folder)) {
                const std::string file = folder + "/" + entry.name;
                if (matches_pattern(file, pattern) && left.size() < kMaxSources) {
                    left.push_back(file);
                }
            }
        }
    }
}

}  // namespace

int prefix_length(std::string_view netmask) {
    if (const auto number = find_number(netmask)) {
        return *number <= 128 ? static_cast<int>(*number) : -1;
    }
    const auto parts = split(netmask, '.');
    std::uint32_t bits = 0;
    for (const std::string_view part : parts) {
        const auto number = find_number(part);
        if (parts.size() != 4 || !number || *number > 255) {
            return -1;
        }
        bits = bits << 8U | *number;
    }
    int length = 0;
    while (length < 32 && (bits & (0x80000000U >> static_cast<unsigned>(length))) != 0) {
        ++length;
    }
    return length;
}

void read_interfaces(Reading& reading) {
    reading.part("/etc/network/interfaces", [&] { read_ifupdown(reading); });
    read_folder(reading, "/etc/netplan", ".yaml", parse_netplan);
    read_folder(reading, "/etc/systemd/network", ".network", parse_networkd);
    read_folder(reading, "/etc/NetworkManager/system-connections", "", parse_keyfile);
    for (const TreeEntry& entry : reading.list("/etc/sysconfig/network-scripts")) {
        if (entry.name.starts_with("ifcfg-")) {
            const std::string path = "/etc/sysconfig/network-scripts/" + entry.name;
            if (const auto text = reading.text(path)) {
                add_interfaces(reading, parse_ifcfg(*text, path));
            }
        }
    }
    std::vector<std::string>& servers = reading.facts().nameservers;
    for (const InterfaceFact& interface : reading.facts().interfaces) {
        for (const std::string& server : interface.dns) {
            if (std::find(servers.begin(), servers.end(), server) == servers.end()) {
                servers.push_back(server);
            }
        }
    }
}

}  // namespace assembler::introspect
