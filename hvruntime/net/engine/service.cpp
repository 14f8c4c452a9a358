// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/net/engine/service.h"

namespace hvruntime::net {

Service::Service(const SwitchSpec& spec, const NetworkLayout& layout)
    : layout_(layout),
      isolated_(spec.isolated),
      zone_(spec, layout.subnet),
      domains_(spec.domains) {
    for (const SwitchHost& host : spec.hosts) {
        hosts_[find_mac(host.mac).value_or(MacAddress{})] = {
            find_ipv4(host.ip).value_or(Ipv4Address{}), host.name};
    }
}

Bytes Service::build_dns_frame(const Endpoint& client, ByteView payload) const {
    Endpoint from = address();
    from.port = kDnsPort;
    return build_udp(from, client, payload);
}

ServiceAction Service::handle(const PortIdentity& from, ByteView data) const {
    const std::optional<EthernetFrame> frame = find_ethernet(data);
    if (!frame) {
        return {};
    }
    if (frame->type == kTypeArp) {
        const std::optional<ArpPacket> arp = find_arp(frame->payload);
        if (!arp || arp->operation != kArpRequest || arp->target_ip != layout_.subnet.service()) {
            return {};
        }
        const Endpoint own = address();
        return {.reply = build_arp(from.mac, {.operation = kArpReply,
                                              .sender_mac = own.mac,
                                              .sender_ip = own.ip,
                                              .target_mac = arp->sender_mac,
                                              .target_ip = arp->sender_ip})};
    }
    const std::optional<Ipv4Packet> packet = find_ipv4_packet(frame->payload);
    if (!packet || packet->fragment) {
        return {};
    }
    const Endpoint client{from.mac, from.ip, 0};
    const bool to_us = packet->to == layout_.subnet.service();
    if (packet->protocol == kProtocolUdp) {
        const std::optional<UdpDatagram> udp = find_udp(packet->payload);
        if (udp && udp->to_port == kDhcpServerPort) {
            return handle_dhcp(from, *udp);
        }
        return udp && to_us && udp->to_port == kDnsPort ? handle_dns(client, *udp)
                                                        : ServiceAction{};
    }
    if (packet->protocol == kProtocolTcp && to_us) {
        return handle_tcp(client, *packet);
    }
    if (packet->protocol == kProtocolIcmp && to_us) {
        return {.reply = build_echo_reply(address(), client, packet->payload)};
    }
    return {};
}

ServiceAction Service::handle_dhcp(const PortIdentity& from, const UdpDatagram& udp) const {
    const std::optional<DhcpMessage> message = find_dhcp(udp.payload);
    const auto host = hosts_.find(from.mac);
    if (!message || message->client_mac != from.mac || host == hosts_.end()) {
        return {};
    }
    const auto& [ip, name] = host->second;
    const DhcpLease lease{
        .ip = ip,
        .subnet = layout_.subnet,
        .server = layout_.subnet.service(),
        .router = isolated_ ? std::nullopt : std::optional(layout_.subnet.gateway()),
        .host_name = name,
        .domains = domains_,
        .mtu = static_cast<unsigned>(layout_.mtu)};
    const std::optional<DhcpAnswer> answer = answer_dhcp(*message, lease);
    if (!answer) {
        return {};
    }
    Endpoint own = address();
    own.port = kDhcpServerPort;
    const Endpoint client{answer->broadcast ? kBroadcastMac : from.mac,
                          answer->broadcast ? kBroadcastIp : ip, kDhcpClientPort};
    return {.reply = build_udp(own, client, answer->payload)};
}

ServiceAction Service::handle_dns(const Endpoint& client_host, const UdpDatagram& udp) const {
    Endpoint client = client_host;
    client.port = udp.from_port;
    DnsReading reading = read_dns_query(udp.payload);
    if (!reading.query) {
        if (!reading.code) {
            return {};
        }
        return {.reply = build_dns_frame(client, build_dns_error(udp.payload, *reading.code))};
    }
    const DnsZone::Finding finding = zone_.look_up(*reading.query);
    if (finding.verdict != DnsZone::Verdict::forward) {
        return {.reply = build_dns_frame(client, build_dns_answer(*reading.query, finding))};
    }
    if (isolated_) {
        return {.reply =
                    build_dns_frame(client, build_dns_error(*reading.query, DnsCode::refused))};
    }
    return {.forward = std::move(reading.query), .client = client};
}

ServiceAction Service::handle_tcp(const Endpoint& client, const Ipv4Packet& packet) const {
    const std::optional<TcpSegment> segment = find_tcp(packet.payload);
    if (!segment) {
        return {};
    }
    if (segment->to_port == kDnsPort && !isolated_) {
        return {.to_uplink = true};
    }
    return {.probe = ProbeSegment{packet.from, *segment}, .client = client};
}

}  // namespace hvruntime::net
