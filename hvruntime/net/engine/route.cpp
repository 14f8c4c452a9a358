// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/net/engine/route.h"

#include <array>

#include "hvruntime/net/packet/dhcp.h"

namespace hvruntime::net {

namespace {

Route drop(Drop reason) {
    return {.target = Target::drop, .reason = reason};
}

Route to_mac(const NetworkLayout& layout, const MacAddress& to) {
    if (to == layout.service_mac()) {
        return {.target = Target::service};
    }
    if (to == layout.uplink_mac()) {
        return {.target = Target::uplink};
    }
    if (to.is_multicast()) {
        return {.target = Target::everyone};
    }
    return {.target = Target::port, .to = to};
}

Route route_arp(const NetworkLayout& layout, const PortIdentity& from, const EthernetFrame& frame) {
    const std::optional<ArpPacket> arp = find_arp(frame.payload);
    if (!arp) {
        return drop(Drop::malformed);
    }
    // 0.0.0.0 is a probe for a free address (RFC 5227, 2.1.1); it claims nothing.
    const bool probe = arp->sender_ip == Ipv4Address{} && arp->operation == kArpRequest;
    if (arp->sender_mac != from.mac || (arp->sender_ip != from.ip && !probe)) {
        return drop(Drop::wrong_arp);
    }
    if (arp->operation == kArpRequest && arp->target_ip == layout.subnet.service()) {
        return {.target = Target::service};
    }
    if (arp->operation == kArpRequest && arp->target_ip == layout.subnet.gateway()) {
        return {.target = Target::uplink};
    }
    return to_mac(layout, frame.to);
}

Route route_ipv4(const NetworkLayout& layout, const PortIdentity& from,
                 const EthernetFrame& frame) {
    const std::optional<Ipv4Packet> packet = find_ipv4_packet(frame.payload);
    if (!packet) {
        return drop(Drop::malformed);
    }
    bool to_dhcp = false;
    if (packet->protocol == kProtocolUdp && !packet->fragment) {
        const std::optional<UdpDatagram> udp = find_udp(packet->payload);
        if (udp && udp->from_port == kDhcpServerPort) {
            return drop(Drop::rogue_dhcp);
        }
        to_dhcp = udp && udp->to_port == kDhcpServerPort && udp->from_port == kDhcpClientPort;
    }
    if (packet->from != from.ip && !(to_dhcp && packet->from == Ipv4Address{})) {
        return drop(Drop::wrong_ip);
    }
    if (to_dhcp) {
        return {.target = Target::service};
    }
    const Route route = to_mac(layout, frame.to);
    if (route.target == Target::uplink && !uplink_accepts(layout, packet->to)) {
        return drop(Drop::not_routed);
    }
    return route;
}

}  // namespace

std::string_view to_string(Drop reason) {
    constexpr std::array<std::string_view, kDropReasons> kNames{
        "malformed",      "too_big",          "wrong_mac",  "wrong_arp",
        "wrong_ip",       "unknown_protocol", "rogue_dhcp", "not_routed",
        "unknown_target", "rate_limit",       "queue_full", "peer_absent"};
    return kNames[static_cast<std::size_t>(reason)];
}

Route route_frame(const NetworkLayout& layout, const PortIdentity& from, ByteView data) {
    const std::optional<EthernetFrame> frame = find_ethernet(data);
    if (!frame) {
        return drop(Drop::malformed);
    }
    if (data.size() > layout.mtu + kEthernetHeader) {
        return drop(Drop::too_big);
    }
    if (frame->from != from.mac) {
        return drop(Drop::wrong_mac);
    }
    switch (frame->type) {
        case kTypeArp: return route_arp(layout, from, *frame);
        case kTypeIpv4: return route_ipv4(layout, from, *frame);
        case kTypeRarp: return {.target = Target::nobody};  // there is no table to refresh
        default: return drop(Drop::unknown_protocol);
    }
}

bool uplink_accepts(const NetworkLayout& layout, Ipv4Address to) {
    const std::uint32_t first = to.value >> 24U;
    if (layout.subnet.contains(to)) {
        return to == layout.subnet.gateway();
    }
    return first != 0 && first != 127 && first < 224 && (to.value >> 16U) != 0xa9feU;
}

}  // namespace hvruntime::net
