// SPDX-License-Identifier: Apache-2.0
// Ethernet II, ARP, IPv4, UDP, TCP and ICMP echo: parse what a guest sent, build what we answer.
// Pure; input is untrusted: a find_ function gives nullopt for whatever is malformed and never
// throws. Views point into the frame that was parsed. RFC 826, 791, 768, 9293, 792.
#pragma once

#include <cstdint>
#include <optional>

#include "hvruntime/net/packet/address.h"
#include "hvruntime/net/packet/wire.h"

namespace hvruntime::net {

constexpr std::size_t kEthernetHeader = 14;
constexpr std::uint16_t kTypeIpv4 = 0x0800;
constexpr std::uint16_t kTypeArp = 0x0806;
constexpr std::uint16_t kTypeRarp = 0x8035;  // what QEMU announces itself with
constexpr std::uint8_t kProtocolIcmp = 1;
constexpr std::uint8_t kProtocolTcp = 6;
constexpr std::uint8_t kProtocolUdp = 17;

struct EthernetFrame {
    MacAddress to;
    MacAddress from;
    std::uint16_t type = 0;
    ByteView payload;
};

constexpr std::uint16_t kArpRequest = 1;
constexpr std::uint16_t kArpReply = 2;
struct ArpPacket {
    std::uint16_t operation = kArpRequest;
    MacAddress sender_mac;
    Ipv4Address sender_ip;
    MacAddress target_mac;
    Ipv4Address target_ip;
};

struct Ipv4Packet {
    Ipv4Address from;
    Ipv4Address to;
    std::uint8_t protocol = 0;
    bool fragment = false;  // the payload is a part: do not look into it
    ByteView payload;
};

struct UdpDatagram {
    std::uint16_t from_port = 0;
    std::uint16_t to_port = 0;
    ByteView payload;
};

struct TcpSegment {
    std::uint16_t from_port = 0;
    std::uint16_t to_port = 0;
    std::uint32_t sequence = 0;
    std::uint32_t acknowledgement = 0;
    std::uint8_t flags = 0;
    ByteView payload;
};
constexpr std::uint8_t kTcpFin = 1;
constexpr std::uint8_t kTcpSyn = 2;
constexpr std::uint8_t kTcpRst = 4;
constexpr std::uint8_t kTcpAck = 16;

std::optional<EthernetFrame> find_ethernet(ByteView frame);
std::optional<ArpPacket> find_arp(ByteView payload);
std::optional<Ipv4Packet> find_ipv4_packet(ByteView payload);  // header checksum is checked
std::optional<UdpDatagram> find_udp(ByteView payload);  // checksums are the receiver's affair
std::optional<TcpSegment> find_tcp(ByteView payload);

// One end of what we build.
struct Endpoint {
    MacAddress mac;
    Ipv4Address ip;
    std::uint16_t port = 0;
};

Bytes build_arp(const MacAddress& to, const ArpPacket& packet);
Bytes build_ipv4(const Endpoint& from, const Endpoint& to, std::uint8_t protocol, ByteView payload);
Bytes build_udp(const Endpoint& from, const Endpoint& to, ByteView payload);
// Ports are the endpoints'; those in `segment` are not read.
Bytes build_tcp(const Endpoint& from, const Endpoint& to, const TcpSegment& segment);
// The answer to an ICMP echo request; nullopt when `icmp` is something else.
std::optional<Bytes> build_echo_reply(const Endpoint& from, const Endpoint& to, ByteView icmp);

}  // namespace hvruntime::net
