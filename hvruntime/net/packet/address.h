// SPDX-License-Identifier: Apache-2.0
// Ethernet and IPv4 addresses as values. Pure; nothing here throws.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hvruntime::net {

struct MacAddress {
    std::array<std::uint8_t, 6> bytes{};
    auto operator<=>(const MacAddress&) const = default;
    bool is_multicast() const { return (bytes[0] & 1U) != 0; }  // broadcast too
};
constexpr MacAddress kBroadcastMac{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

struct Ipv4Address {
    std::uint32_t value = 0;  // host byte order
    auto operator<=>(const Ipv4Address&) const = default;
};
constexpr Ipv4Address kBroadcastIp{0xffffffffU};

struct Subnet {
    Ipv4Address network;
    unsigned prefix = 24;

    std::uint32_t mask() const { return 0xffffffffU << (32U - prefix); }
    bool contains(Ipv4Address ip) const { return (ip.value & mask()) == network.value; }
    // Neither the network's own address nor its broadcast address.
    bool is_host(Ipv4Address ip) const;
    Ipv4Address at(std::uint32_t index) const { return {network.value + index}; }
    Ipv4Address gateway() const { return at(1); }
    Ipv4Address service() const { return at(3); }
    Ipv4Address broadcast() const { return {network.value | ~mask()}; }
};

std::optional<MacAddress> find_mac(std::string_view text);    // "52:54:00:12:34:56"
std::optional<Ipv4Address> find_ipv4(std::string_view text);  // "10.84.0.10", no leading zeros
std::optional<Subnet> find_subnet(std::string_view text);     // prefix 8 to 28, host bits 0
std::string to_string(const MacAddress& mac);
std::string to_string(Ipv4Address ip);

// 52:55 and the address: what libslirp gives its gateway, and what we give our service.
MacAddress virtual_mac(Ipv4Address ip);

}  // namespace hvruntime::net
