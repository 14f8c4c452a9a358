// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/net/packet/frame.h"

namespace hvruntime::net {

namespace {

// RFC 1071, over a pseudo header's sum and then the bytes.
std::uint16_t checksum(ByteView data, std::uint32_t sum = 0) {
    for (std::size_t i = 0; i < data.size(); ++i) {
        sum += (i % 2 == 0) ? std::uint32_t{data[i]} << 8U : std::uint32_t{data[i]};
    }
    while ((sum >> 16U) != 0) {
        sum = (sum & 0xffffU) + (sum >> 16U);
    }
    return static_cast<std::uint16_t>(~sum & 0xffffU);
}

std::uint32_t pseudo_header_sum(Ipv4Address from, Ipv4Address to, std::uint8_t protocol,
                                std::size_t length) {
    return (from.value >> 16U) + (from.value & 0xffffU) + (to.value >> 16U) + (to.value & 0xffffU) +
           protocol + static_cast<std::uint32_t>(length);
}

void write_ethernet(WireWriter& out, const MacAddress& to, const MacAddress& from,
                    std::uint16_t type) {
    out.mac(to);
    out.mac(from);
    out.u16(type);
}

}  // namespace

std::optional<EthernetFrame> find_ethernet(ByteView frame) {
    WireReader in(frame);
    EthernetFrame result;
    result.to = in.mac();
    result.from = in.mac();
    result.type = in.u16();
    result.payload = in.rest();
    return in.ok() ? std::optional(result) : std::nullopt;
}

std::optional<ArpPacket> find_arp(ByteView payload) {
    WireReader in(payload);
    const bool ethernet_and_ipv4 =
        in.u16() == 1 && in.u16() == kTypeIpv4 && in.u8() == 6 && in.u8() == 4;
    ArpPacket packet;
    packet.operation = in.u16();
    packet.sender_mac = in.mac();
    packet.sender_ip = in.ip();
    packet.target_mac = in.mac();
    packet.target_ip = in.ip();
    return in.ok() && ethernet_and_ipv4 ? std::optional(packet) : std::nullopt;
}

std::optional<Ipv4Packet> find_ipv4_packet(ByteView payload) {
    WireReader in(payload);
    const std::uint8_t version = in.u8();
    const std::size_t header = (version & 15U) * std::size_t{4};
    in.u8();  // type of service
    const std::size_t total = in.u16();
    in.u16();  // identification
    const std::uint16_t fragment = in.u16();
    in.u8();  // time to live
    Ipv4Packet packet;
    packet.protocol = in.u8();
    in.u16();  // header checksum
    packet.from = in.ip();
    packet.to = in.ip();
    if (!in.ok() || (version >> 4U) != 4 || header < 20 || total < header ||
        total > payload.size() || checksum(payload.first(header)) != 0) {
        return std::nullopt;
    }
    packet.fragment = (fragment & 0x3fffU) != 0;
    packet.payload = payload.subspan(header, total - header);  // without Ethernet's padding
    return packet;
}

std::optional<UdpDatagram> find_udp(ByteView payload) {
    WireReader in(payload);
    UdpDatagram datagram;
    datagram.from_port = in.u16();
    datagram.to_port = in.u16();
    const std::size_t length = in.u16();
    in.u16();  // checksum
    if (!in.ok() || length < 8 || length > payload.size()) {
        return std::nullopt;
    }
    datagram.payload = payload.subspan(8, length - 8);
    return datagram;
}

std::optional<TcpSegment> find_tcp(ByteView payload) {
    WireReader in(payload);
    TcpSegment segment;
    segment.from_port = in.u16();
    segment.to_port = in.u16();
    segment.sequence = in.u32();
    segment.acknowledgement = in.u32();
    const std::size_t header = (in.u8() >> 4U) * std::size_t{4};
    segment.flags = in.u8() & 0x3fU;
    in.bytes(6);  // window, checksum, urgent pointer
    if (!in.ok() || header < 20 || header > payload.size()) {
        return std::nullopt;
    }
    segment.payload = payload.subspan(header);
    return segment;
}

Bytes build_arp(const MacAddress& to, const ArpPacket& packet) {
    WireWriter out;
    write_ethernet(out, to, packet.sender_mac, kTypeArp);
    out.u16(1);
    out.u16(kTypeIpv4);
    out.u8(6);
    out.u8(4);
    out.u16(packet.operation);
    out.mac(packet.sender_mac);
    out.ip(packet.sender_ip);
    out.mac(packet.target_mac);
    out.ip(packet.target_ip);
    return out.take();
}

Bytes build_ipv4(const Endpoint& from, const Endpoint& to, std::uint8_t protocol,
                 ByteView payload) {
    WireWriter header;
    header.u8(0x45);
    header.u8(0);
    header.u16(static_cast<unsigned>(20 + payload.size()));
    header.u16(0);
    header.u16(0x4000);  // do not fragment: then the identification may be 0 (RFC 6864, 4.1)
    header.u8(64);
    header.u8(protocol);
    header.u16(0);
    header.ip(from.ip);
    header.ip(to.ip);
    header.patch_u16(10, checksum(header.data()));
    WireWriter out;
    write_ethernet(out, to.mac, from.mac, kTypeIpv4);
    out.bytes(header.data());
    out.bytes(payload);
    return out.take();
}

Bytes build_udp(const Endpoint& from, const Endpoint& to, ByteView payload) {
    WireWriter udp;
    udp.u16(from.port);
    udp.u16(to.port);
    udp.u16(static_cast<unsigned>(8 + payload.size()));
    udp.u16(0);
    udp.bytes(payload);
    const std::uint16_t sum =
        checksum(udp.data(), pseudo_header_sum(from.ip, to.ip, kProtocolUdp, udp.size()));
    udp.patch_u16(6, sum == 0 ? 0xffffU : sum);
    return build_ipv4(from, to, kProtocolUdp, udp.data());
}

Bytes build_tcp(const Endpoint& from, const Endpoint& to, const TcpSegment& segment) {
    WireWriter tcp;
    tcp.u16(from.port);
    tcp.u16(to.port);
    tcp.u32(segment.sequence);
    tcp.u32(segment.acknowledgement);
    tcp.u8(5U << 4U);
    tcp.u8(segment.flags);
    tcp.u16(64240);
    tcp.u16(0);
    tcp.u16(0);
    tcp.bytes(segment.payload);
    tcp.patch_u16(
        16, checksum(tcp.data(), pseudo_header_sum(from.ip, to.ip, kProtocolTcp, tcp.size())));
    return build_ipv4(from, to, kProtocolTcp, tcp.data());
}

std::optional<Bytes> build_echo_reply(const Endpoint& from, const Endpoint& to, ByteView icmp) {
    constexpr std::uint8_t kEchoRequest = 8;
    if (icmp.size() < 8 || icmp[0] != kEchoRequest || icmp[1] != 0) {
        return std::nullopt;
    }
    WireWriter reply;
    reply.u8(0);
    reply.u8(0);
    reply.u16(0);
    reply.bytes(icmp.subspan(4));
    reply.patch_u16(2, checksum(reply.data()));
    return build_ipv4(from, to, kProtocolIcmp, reply.data());
}

}  // namespace hvruntime::net
