// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/net/packet/dhcp.h"

#include "hvruntime/net/packet/dns_name.h"

namespace hvruntime::net {

namespace {

constexpr std::uint32_t kMagicCookie = 0x63825363;
constexpr std::size_t kSmallestMessage = 300;  // RFC 1542, 2.1: BOOTP's size

enum Option : std::uint8_t {
    option_pad = 0,
    option_mask = 1,
    option_router = 3,
    option_dns = 6,
    option_host_name = 12,
    option_domain = 15,
    option_mtu = 26,
    option_broadcast = 28,
    option_requested_ip = 50,
    option_lease_time = 51,
    option_type = 53,
    option_server = 54,
    option_renewal_time = 58,
    option_rebinding_time = 59,
    option_search = 119,
    option_end = 255,
};

std::optional<Ipv4Address> ip_of(ByteView value) {
    WireReader in(value);
    const Ipv4Address ip = in.ip();
    return in.ok() && in.left() == 0 ? std::optional(ip) : std::nullopt;
}

// False: there is no valid message type among the options.
bool read_options(WireReader& in, DhcpMessage& message) {
    bool has_type = false;
    while (in.ok() && in.left() > 0) {
        const std::uint8_t code = in.u8();
        if (code == option_pad) {
            continue;
        }
        if (code == option_end) {
            break;
        }
        const ByteView value = in.bytes(in.u8());
        if (code == option_type && value.size() == 1 && value[0] >= 1 && value[0] <= 8) {
            message.type = static_cast<DhcpType>(value[0]);
            has_type = true;
        } else if (code == option_requested_ip) {
            message.requested_ip = ip_of(value);
        } else if (code == option_server) {
            message.server_ip = ip_of(value);
        }
    }
    return in.ok() && has_type;
}

void write_option(WireWriter& out, Option code, ByteView value) {
    if (!value.empty() && value.size() <= 255) {
        out.u8(code);
        out.u8(static_cast<unsigned>(value.size()));
        out.bytes(value);
    }
}

void write_option(WireWriter& out, Option code, std::uint32_t value) {
    WireWriter number;
    number.u32(value);
    write_option(out, code, number.data());
}

void write_option(WireWriter& out, Option code, const std::string& text) {
    write_option(out, code, Bytes(text.begin(), text.end()));
}

void write_lease(WireWriter& out, const DhcpLease& lease) {
    write_option(out, option_mask, lease.subnet.mask());
    if (lease.router) {
        write_option(out, option_router, lease.router->value);
    }
    write_option(out, option_dns, lease.server.value);
    write_option(out, option_host_name, lease.host_name);
    if (!lease.domains.empty()) {
        write_option(out, option_domain, lease.domains.front());
        WireWriter search;
        for (const std::string& domain : lease.domains) {
            write_dns_name(search, domain);
        }
        write_option(out, option_search, search.data());
    }
    WireWriter mtu;
    mtu.u16(lease.mtu);
    write_option(out, option_mtu, mtu.data());
    write_option(out, option_broadcast, lease.subnet.broadcast().value);
}

Bytes build_answer(const DhcpMessage& message, const DhcpLease& lease, DhcpType type) {
    const bool leases =
        type == DhcpType::offer || (type == DhcpType::ack && message.type != DhcpType::inform);
    WireWriter out;
    out.u8(2);  // BOOTREPLY
    out.u8(1);
    out.u8(6);
    out.u8(0);
    out.u32(message.transaction);
    out.u16(0);
    out.u16(message.broadcast ? 0x8000U : 0U);
    out.ip(type == DhcpType::ack ? message.client_ip : Ipv4Address{});
    out.ip(leases ? lease.ip : Ipv4Address{});
    out.ip({});  // next server
    out.ip({});  // relay
    out.mac(message.client_mac);
    out.zeros(10 + 64 + 128);  // rest of chaddr, sname, file
    out.u32(kMagicCookie);
    const std::uint8_t type_code = static_cast<std::uint8_t>(type);
    write_option(out, option_type, ByteView(&type_code, 1));
    write_option(out, option_server, lease.server.value);
    if (leases) {
        write_option(out, option_lease_time, kLeaseSeconds);
        write_option(out, option_renewal_time, kLeaseSeconds / 2);
        write_option(out, option_rebinding_time, kLeaseSeconds / 8 * 7);
    }
    if (type != DhcpType::nak) {
        write_lease(out, lease);
    }
    out.u8(option_end);
    if (out.size() < kSmallestMessage) {
        out.zeros(kSmallestMessage - out.size());
    }
    return out.take();
}

}  // namespace

std::optional<DhcpMessage> find_dhcp(ByteView payload) {
    WireReader in(payload);
    const bool request = in.u8() == 1 && in.u8() == 1 && in.u8() == 6;
    in.u8();  // hops
    DhcpMessage message;
    message.transaction = in.u32();
    in.u16();  // seconds
    message.broadcast = (in.u16() & 0x8000U) != 0;
    message.client_ip = in.ip();
    in.ip();  // yiaddr
    in.ip();  // siaddr
    message.relay_ip = in.ip();
    message.client_mac = in.mac();
    in.bytes(10 + 64 + 128);
    if (in.u32() != kMagicCookie || !request || !read_options(in, message)) {
        return std::nullopt;
    }
    return message;
}

std::optional<DhcpAnswer> answer_dhcp(const DhcpMessage& message, const DhcpLease& lease) {
    if (message.relay_ip != Ipv4Address{} ||
        (message.server_ip && *message.server_ip != lease.server)) {
        return std::nullopt;
    }
    switch (message.type) {
        case DhcpType::discover:
            return DhcpAnswer{build_answer(message, lease, DhcpType::offer), message.broadcast};
        case DhcpType::inform:
            return DhcpAnswer{build_answer(message, lease, DhcpType::ack), false};
        case DhcpType::request: {
            // RFC 2131, 4.3.2: selecting and init-reboot name the address in option 50, renewing
            // and rebinding in ciaddr.
            const Ipv4Address wanted = message.requested_ip.value_or(message.client_ip);
            if (wanted == lease.ip) {
                return DhcpAnswer{build_answer(message, lease, DhcpType::ack), message.broadcast};
            }
            return DhcpAnswer{build_answer(message, lease, DhcpType::nak), true};
        }
        default: return std::nullopt;
    }
}

}  // namespace hvruntime::net
