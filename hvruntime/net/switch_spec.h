// SPDX-License-Identifier: Apache-2.0
// What one network's switch is told: a plain value, written to SPEC.json and read by `muster
// switch`. Subnet a.b.c.0/n: .1 is the gateway (libslirp), .3 our DHCP and DNS service, machines
// have the rest. One switch is one layer-2 domain, so other deployments may use the same addresses.
// A port is one machine's NIC, attached by QEMU as
//   -netdev dgram,id=N,local.type=unix,local.path=MACHINE_SOCKET,
//           remote.type=unix,remote.path=SWITCH_SOCKET
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace hvruntime {

// A static lease and the names that resolve to it.
struct SwitchHost {
    std::string name;  // one label: "db"
    std::vector<std::string> aliases;
    std::string ip;
    std::string mac;
    bool operator==(const SwitchHost&) const = default;
};

struct SwitchPort {
    std::string machine_id;
    std::string mac;  // frames with another sender are dropped, as are other ARP and IPv4 senders
    std::string ip;
    std::string switch_socket;   // our end; empty: SwitchRuntime::start() chooses
    std::string machine_socket;  // QEMU's end; empty: SwitchRuntime::start() chooses
    bool operator==(const SwitchPort&) const = default;
};

// A machine of the deployment that is not on this network. Ignored for names that a host has.
struct SwitchDnsRecord {
    std::string name;
    std::string ip;
    bool operator==(const SwitchDnsRecord&) const = default;
};

struct SwitchSpec {
    std::string id;  // short: 1 to 32 of [a-z0-9-]; names folders and sockets
    std::string name;
    std::string deployment;
    std::string subnet;                // "10.84.0.0/24"; prefix 8 to 28
    bool isolated = false;             // no way out; published ports still work
    unsigned mtu = 1500;               // 576 to 9000
    std::vector<std::string> domains;  // "guestbook": names resolve bare and below each; the first
                                       // is the guests' domain, all are their search list
    std::vector<SwitchHost> hosts;
    std::vector<SwitchPort> ports;
    std::vector<SwitchDnsRecord> dns_records;
    std::string control_socket;  // empty: SwitchRuntime::start() chooses
    bool operator==(const SwitchSpec&) const = default;
};

base::Json to_json(const SwitchSpec& spec);
// Throws invalid_input naming the key; the result is validated.
SwitchSpec parse_switch_spec(const base::Json& json, std::string_view what);
SwitchSpec read_switch_spec(const std::string& path);
// Throws invalid_input: addresses outside the subnet or used twice, bad names, a port and a host
// that disagree. Empty socket paths are fine here.
void validate_switch_spec(const SwitchSpec& spec);

// "52:54:00" and three bytes of the seed's SHA-256: the same seed gives the same address.
std::string make_mac_address(std::string_view seed);
// The N-th address of a subnet: make_subnet_address("10.84.0.0/24", 10) is "10.84.0.10".
std::string make_subnet_address(std::string_view subnet, unsigned index);

}  // namespace hvruntime
