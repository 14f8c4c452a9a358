// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/system/network/network.h"
#include "assembler/introspect/system/text.h"

namespace assembler::introspect {

namespace {

void add_option(InterfaceFact& interface, std::string_view key,
                const std::vector<std::string_view>& words, std::string& netmask) {
    const std::string value(words.size() > 1 ? words[1] : "");
    if (key == "address") {
        interface.addresses.push_back(value);
    } else if (key == "netmask") {
        netmask = value;
    } else if (key == "gateway") {
        interface.gateway = value;
    } else if (key == "dns-nameservers" || key == "dns-nameserver") {
        interface.dns.insert(interface.dns.end(), words.begin() + 1, words.end());
    }
}

// "10.0.0.5" and "255.255.255.0" to "10.0.0.5/24".
void apply_netmask(InterfaceFact& interface, const std::string& netmask) {
    const int length = prefix_length(netmask);
    for (std::string& address : interface.addresses) {
        if (length >= 0 && address.find('/') == std::string::npos) {
            address += "/" + std::to_string(length);
        }
    }
}

}  // namespace

std::vector<InterfaceFact> parse_ifupdown(std::string_view text, const std::string& path,
                                          std::vector<std::string>& sources) {
    constexpr std::size_t kMaxStanzas = 500;
    std::vector<InterfaceFact> interfaces;
    std::string netmask;
    bool in_interface = false;
    const auto finish = [&] {
        if (in_interface) {
            apply_netmask(interfaces.back(), netmask);
        }
        netmask.clear();
        in_interface = false;
    };
    for (const Line& line : statements_of(text)) {
        const auto words = words_of(line.text);
        if (words[0] == "iface" && words.size() >= 4) {
            finish();
            if (words[3] != "loopback" && interfaces.size() < kMaxStanzas) {
                interfaces.push_back({.name = std::string(words[1]),
                                      .method = words[3] == "auto" ? "dhcp" : std::string(words[3]),
                                      .evidence = {.file = path, .line = line.number}});
                in_interface = true;
            }
        } else if ((words[0] == "source" || words[0] == "source-directory") && words.size() > 1) {
            finish();
            std::string pattern(words[1]);
            if (!pattern.starts_with('/')) {
                pattern = "/etc/network/" + pattern;
            }
            sources.push_back(words[0] == "source" ? pattern : pattern + "/*");
        } else if (words[0] == "auto" || words[0] == "mapping" || words[0].starts_with("allow-")) {
            finish();
        } else if (in_interface) {
            add_option(interfaces.back(), words[0], words, netmask);
        }
    }
    finish();
    return interfaces;
}

}  // namespace assembler::introspect
