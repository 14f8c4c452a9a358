// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/net/packet/address.h"

#include <charconv>

#include <fmt/format.h>

namespace hvruntime::net {

namespace {

// The whole text as a number without sign or leading zeros.
std::optional<std::uint32_t> number_of(std::string_view text, std::uint32_t limit) {
    std::uint32_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, failure] = std::from_chars(text.data(), end, value);
    if (text.empty() || failure != std::errc() || stop != end || value > limit ||
        (text.size() > 1 && text.front() == '0')) {
        return std::nullopt;
    }
    return value;
}

}  // namespace

bool Subnet::is_host(Ipv4Address ip) const {
    return contains(ip) && ip != network && ip != broadcast();
}

std::optional<MacAddress> find_mac(std::string_view text) {
    if (text.size() != 17) {
        return std::nullopt;
    }
    MacAddress mac;
    for (std::size_t i = 0; i < 6; ++i) {
        const char* first = text.data() + 3 * i;
        const auto [stop, failure] = std::from_chars(first, first + 2, mac.bytes[i], 16);
        if (failure != std::errc() || stop != first + 2 || (i < 5 && *stop != ':')) {
            return std::nullopt;
        }
    }
    return mac;
}

std::optional<Ipv4Address> find_ipv4(std::string_view text) {
    Ipv4Address ip;
    for (int i = 0; i < 4; ++i) {
        const std::size_t dot = text.find('.');
        if ((dot == std::string_view::npos) != (i == 3)) {
            return std::nullopt;
        }
        const std::optional<std::uint32_t> part = number_of(text.substr(0, dot), 255);
        if (!part) {
            return std::nullopt;
        }
        ip.value = (ip.value << 8U) | *part;
        text.remove_prefix(i == 3 ? text.size() : dot + 1);
    }
    return ip;
}

std::optional<Subnet> find_subnet(std::string_view text) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) {
        return std::nullopt;
    }
    const std::optional<Ipv4Address> network = find_ipv4(text.substr(0, slash));
    const std::optional<std::uint32_t> prefix = number_of(text.substr(slash + 1), 28);
    if (!network || !prefix || *prefix < 8) {
        return std::nullopt;
    }
    const Subnet subnet{*network, *prefix};
    return subnet.contains(*network) ? std::optional(subnet) : std::nullopt;
}

std::string to_string(const MacAddress& mac) {
    const auto& b = mac.bytes;
    return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", b[0], b[1], b[2], b[3], b[4],
                       b[5]);
}

std::string to_string(Ipv4Address ip) {
    return fmt::format("{}.{}.{}.{}", ip.value >> 24U, (ip.value >> 16U) & 255U,
                       (ip.value >> 8U) & 255U, ip.value & 255U);
}

MacAddress virtual_mac(Ipv4Address ip) {
    const auto byte = [ip](unsigned shift) { return static_cast<std::uint8_t>(ip.value >> shift); };
    return {{0x52, 0x55, byte(24), byte(16), byte(8), byte(0)}};
}

}  // namespace hvruntime::net
