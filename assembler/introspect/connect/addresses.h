// SPDX-License-Identifier: Apache-2.0
// Addresses and names as configuration files write them: which of them mean the machine itself, and
// which subnet an address belongs to. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace assembler {

// Small letters, without the brackets of an IPv6 address, a prefix length, a zone or the last dot:
// "10.0.0.5" of "10.0.0.5/24", "db.lan" of "DB.lan."; an IPv6 address in its one short form.
std::string bare_host(std::string_view text);

// Digits and three dots, as a number; nothing for any other text.
std::optional<std::uint32_t> find_ipv4(std::string_view text);
std::string ipv4_text(std::uint32_t address);
// IPv4 or IPv6, in a form of bare_host().
bool is_address(std::string_view text);
// "/run/x.sock" of "unix:/var/run/x.sock": one spelling for the socket of a machine.
std::string socket_path(std::string_view text);

// The machine itself: localhost, 127.0.0.0/8, ::1, a path of a unix socket.
bool is_loopback(std::string_view host);
// All addresses of a machine: 0.0.0.0, ::, *, nothing at all.
bool is_any_address(std::string_view address);

struct Subnet {
    std::uint32_t address = 0;  // its first
    int prefix = 24;

    bool contains(std::uint32_t other) const;
    auto operator<=>(const Subnet&) const = default;
};

// "10.0.0.5/24" is in 10.0.0.0/24; nothing without a prefix length or for IPv6.
std::optional<Subnet> find_subnet(std::string_view address_and_prefix);
std::string to_string(const Subnet& subnet);
// "10.0.5.0/24" of "10.0.5.30/24", for IPv6 too; empty without a prefix length.
std::string subnet_text(std::string_view address_and_prefix);

// Interfaces that a machine makes for itself (lo, bridges of containers and of virtual machines):
// no other machine of the set is behind them.
bool is_inner_interface(std::string_view name);

}  // namespace assembler
