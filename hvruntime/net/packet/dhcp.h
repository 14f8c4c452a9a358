// SPDX-License-Identifier: Apache-2.0
// DHCPv4 (RFC 2131, 2132; domain search 3397): parse a client's message, answer it from a lease.
// Pure; input is untrusted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hvruntime/net/packet/address.h"
#include "hvruntime/net/packet/wire.h"

namespace hvruntime::net {

constexpr std::uint16_t kDhcpServerPort = 67;
constexpr std::uint16_t kDhcpClientPort = 68;

enum class DhcpType : std::uint8_t {
    discover = 1,
    offer = 2,
    request = 3,
    decline = 4,
    ack = 5,
    nak = 6,
    release = 7,
    inform = 8,
};

struct DhcpMessage {
    DhcpType type = DhcpType::discover;
    std::uint32_t transaction = 0;
    bool broadcast = false;  // the client wants the answer broadcast
    Ipv4Address client_ip;   // ciaddr: what it uses already
    Ipv4Address relay_ip;    // giaddr
    MacAddress client_mac;
    std::optional<Ipv4Address> requested_ip;
    std::optional<Ipv4Address> server_ip;
};

// nullopt: not a well-formed BOOTREQUEST with a DHCP message type.
std::optional<DhcpMessage> find_dhcp(ByteView payload);

struct DhcpLease {
    Ipv4Address ip;
    Subnet subnet;
    Ipv4Address server;
    std::optional<Ipv4Address> router;  // none on an isolated network
    std::string host_name;
    std::vector<std::string> domains;  // the first is the client's own
    unsigned mtu = 1500;
};
constexpr std::uint32_t kLeaseSeconds = 365U * 24 * 3600;

struct DhcpAnswer {
    Bytes payload;
    bool broadcast = false;  // to 255.255.255.255, else to the lease's address
};

// nullopt: the message wants no answer from us (RELEASE, another server's REQUEST, a relayed one).
std::optional<DhcpAnswer> answer_dhcp(const DhcpMessage& message, const DhcpLease& lease);

}  // namespace hvruntime::net
