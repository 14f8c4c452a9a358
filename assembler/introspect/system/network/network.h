// SPDX-License-Identifier: Apache-2.0
// Network interfaces as they are configured, by whatever the machine uses: ifupdown, netplan,
// systemd-networkd, NetworkManager or the network scripts of Red Hat. The parsers are pure; `path`
// is for the evidence.
#pragma once

#include "assembler/introspect/system/reading.h"

namespace assembler::introspect {

void read_interfaces(Reading& reading);  // facts.interfaces; servers go to facts.nameservers
// facts.shared_addresses, when keepalived starts; needs facts.services.
void read_shared_addresses(Reading& reading);

// One file of keepalived; `includes` gets the patterns of files that it takes in.
std::vector<SharedAddressFact> parse_keepalived(std::string_view text, const std::string& path,
                                                std::vector<std::string>& includes);

std::vector<InterfaceFact> parse_netplan(std::string_view text, const std::string& path);
// Nothing when it is no interface: a device file, loopback.
std::vector<InterfaceFact> parse_networkd(std::string_view text, const std::string& path);
std::vector<InterfaceFact> parse_keyfile(std::string_view text, const std::string& path);
std::vector<InterfaceFact> parse_ifcfg(std::string_view text, const std::string& path);

// One file of ifupdown; `sources` gets the patterns of files that it takes in.
std::vector<InterfaceFact> parse_ifupdown(std::string_view text, const std::string& path,
                                          std::vector<std::string>& sources);

// The prefix length of "255.255.255.0" or "24"; -1 for anything else.
int prefix_length(std::string_view netmask);

}  // namespace assembler::introspect
