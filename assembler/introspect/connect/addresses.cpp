// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/connect/addresses.h"

#include <arpa/inet.h>
#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/letter_case.h"

namespace assembler {

namespace {

constexpr int kIpv6Bits = 128;

std::uint32_t mask_of_prefix(int prefix) {
    return prefix == 0 ? 0 : ~std::uint32_t{0} << static_cast<unsigned>(32 - prefix);
}

using Ipv6 = std::array<unsigned char, 16>;

std::optional<Ipv6> find_ipv6(const std::string& text) {
    Ipv6 address{};
    if (text.find(':') == std::string::npos ||
        ::inet_pton(AF_INET6, text.c_str(), address.data()) != 1) {
        return std::nullopt;
    }
    return address;
}

std::string ipv6_text(const Ipv6& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    return ::inet_ntop(AF_INET6, address.data(), text.data(), text.size()) == nullptr
               ? ""
               : std::string(text.data());
}

std::optional<int> find_prefix(std::string_view text, int most) {
    int prefix = -1;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), prefix);
    const bool good = result.ec == std::errc{} && result.ptr == text.data() + text.size() &&
                      prefix >= 0 && prefix <= most;
    return good ? std::optional(prefix) : std::nullopt;
}

}  // namespace

std::string bare_host(std::string_view text) {
    if (text.starts_with('[')) {
        text = text.substr(1, text.find(']') - 1);
    }
    if (text.starts_with('/')) {
        return std::string(text);
    }
    text = text.substr(0, std::min(text.find('/'), text.find('%')));
    if (text.ends_with('.')) {
        text.remove_suffix(1);
    }
    // An IPv6 address has many spellings.
    const std::string bare = base::to_lower(text);
    const auto v6 = find_ipv6(bare);
    return v6 ? ipv6_text(*v6) : bare;
}

std::optional<std::uint32_t> find_ipv4(std::string_view text) {
    std::uint32_t address = 0;
    for (int part = 0; part < 4; ++part) {
        std::uint32_t number = 256;
        const char* end = text.data() + text.size();
        const auto result = std::from_chars(text.data(), end, number);
        if (result.ec != std::errc{} || number > 255 || result.ptr - text.data() > 3) {
            return std::nullopt;
        }
        address = address << 8U | number;
        text.remove_prefix(static_cast<std::size_t>(result.ptr - text.data()));
        if (part < 3) {
            if (!text.starts_with('.')) {
                return std::nullopt;
            }
            text.remove_prefix(1);
        }
    }
    return text.empty() ? std::optional(address) : std::nullopt;
}

std::string ipv4_text(std::uint32_t address) {
    return fmt::format("{}.{}.{}.{}", address >> 24U, address >> 16U & 255U, address >> 8U & 255U,
                       address & 255U);
}

bool is_address(std::string_view text) {
    return find_ipv4(text).has_value() || find_ipv6(std::string(text)).has_value();
}

std::string socket_path(std::string_view text) {
    if (text.starts_with("unix:")) {
        text.remove_prefix(5);
    }
    while (text.starts_with("//")) {
        text.remove_prefix(1);
    }
    // /var/run is a link to /run in every system that has /run.
    return text.starts_with("/var/run/") ? std::string(text.substr(4)) : std::string(text);
}

bool is_loopback(std::string_view host) {
    const std::string bare = bare_host(host);
    const auto v4 = find_ipv4(bare);
    return bare.starts_with('/') || bare.starts_with("unix:") || bare == "::1" ||
           bare == "localhost" || bare == "localhost.localdomain" || bare == "ip6-localhost" ||
           bare == "ip6-loopback" || (v4 && *v4 >> 24U == 127);
}

bool is_any_address(std::string_view address) {
    const std::string bare = bare_host(address);
    return bare.empty() || bare == "*" || bare == "0.0.0.0" || bare == "::";
}

bool Subnet::contains(std::uint32_t other) const {
    return (other & mask_of_prefix(prefix)) == address;
}

std::optional<Subnet> find_subnet(std::string_view address_and_prefix) {
    const std::size_t slash = address_and_prefix.find('/');
    if (slash == std::string_view::npos) {
        return std::nullopt;
    }
    const auto address = find_ipv4(address_and_prefix.substr(0, slash));
    const auto prefix = find_prefix(address_and_prefix.substr(slash + 1), 32);
    if (!address || !prefix) {
        return std::nullopt;
    }
    return Subnet{*address & mask_of_prefix(*prefix), *prefix};
}

std::string subnet_text(std::string_view address_and_prefix) {
    if (const auto subnet = find_subnet(address_and_prefix)) {
        return to_string(*subnet);
    }
    const std::size_t slash = address_and_prefix.find('/');
    if (slash == std::string_view::npos) {
        return "";
    }
    auto address = find_ipv6(bare_host(address_and_prefix));
    const auto prefix = find_prefix(address_and_prefix.substr(slash + 1), kIpv6Bits);
    if (!address || !prefix) {
        return "";
    }
    for (int bit = *prefix; bit < kIpv6Bits; ++bit) {
        unsigned char& byte = (*address)[static_cast<std::size_t>(bit / 8)];
        byte = static_cast<unsigned char>(byte & ~(0x80U >> static_cast<unsigned>(bit % 8)));
    }
    return fmt::format("{}/{}", ipv6_text(*address), *prefix);
}

std::string to_string(const Subnet& subnet) {
    return fmt::format("{}/{}", ipv4_text(subnet.address), subnet.prefix);
}

bool is_inner_interface(std::string_view name) {
    constexpr std::array<std::string_view, 7> kInner{"docker", "br-",   "virbr", "veth",
                                                     "cni",    "dummy", "lxcbr"};
    return name == "lo" || name.starts_with("lo:") ||
           std::any_of(kInner.begin(), kInner.end(),
                       [&](std::string_view begin) { return name.starts_with(begin); });
}

}  // namespace assembler
