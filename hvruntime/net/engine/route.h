// SPDX-License-Identifier: Apache-2.0
// Where a frame from a machine goes. One pure decision: who may send what (anti-spoofing), and to
// whom. A machine has one MAC and one IPv4 address, both known before it starts, so the table of
// addresses is the spec: nothing is learned, and nothing a guest says can move another's traffic.
#pragma once

#include <cstddef>
#include <string_view>

#include "hvruntime/net/packet/frame.h"

namespace hvruntime::net {

struct NetworkLayout {
    Subnet subnet;
    std::size_t mtu = 1500;
    MacAddress uplink_mac() const { return virtual_mac(subnet.gateway()); }
    MacAddress service_mac() const { return virtual_mac(subnet.service()); }
};

struct PortIdentity {
    MacAddress mac;
    Ipv4Address ip;
};

enum class Drop : std::size_t {
    malformed,
    too_big,
    wrong_mac,         // the sender is not this port's machine
    wrong_arp,         // ARP that claims another's address
    wrong_ip,          // IPv4 from another's address
    unknown_protocol,  // IPv6, VLAN tags and the rest
    rogue_dhcp,        // a guest that plays DHCP server
    not_routed,        // to the gateway, for an address it must not reach
    unknown_target,    // nobody here has that MAC
    rate_limit,
    queue_full,
    peer_absent,  // the machine does not run
};
constexpr std::size_t kDropReasons = 12;
std::string_view to_string(Drop reason);

enum class Target { drop, nobody, service, uplink, port, everyone };

struct Route {
    Target target = Target::drop;
    Drop reason = Drop::malformed;  // when dropped
    MacAddress to;                  // when to a port
};

Route route_frame(const NetworkLayout& layout, const PortIdentity& from, ByteView frame);

// What libslirp may be asked to connect to. It would reach the host's own loopback by 127/8, and a
// cloud's metadata service by 169.254/16.
bool uplink_accepts(const NetworkLayout& layout, Ipv4Address to);

}  // namespace hvruntime::net
