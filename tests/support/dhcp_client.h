// SPDX-License-Identifier: Apache-2.0
// The client's half of DHCP for tests: builds requests, takes answers apart. Written from RFC 2131
// alone, so that it does not repeat a mistake of the server's.
#pragma once

#include <map>
#include <string>

#include "hvruntime/net/packet/dhcp.h"
#include "tests/support/catch.h"

namespace tests {

inline hvruntime::net::Bytes build_dhcp_request(const hvruntime::net::MacAddress& mac,
                                                hvruntime::net::DhcpType type,
                                                const std::map<int, hvruntime::net::Bytes>& options,
                                                hvruntime::net::Ipv4Address client_ip = {}) {
    hvruntime::net::WireWriter out;
    for (const unsigned head : {1U, 1U, 6U, 0U}) {
        out.u8(head);
    }
    out.u32(0xcafe0001);
    out.u32(0);
    out.ip(client_ip);
    out.zeros(12);
    out.mac(mac);
    out.zeros(202);
    out.u32(0x63825363);
    out.u8(53);
    out.u8(1);
    out.u8(static_cast<unsigned>(type));
    for (const auto& [code, value] : options) {
        out.u8(static_cast<unsigned>(code));
        out.u8(static_cast<unsigned>(value.size()));
        out.bytes(value);
    }
    out.u8(255);
    return out.take();
}

struct DhcpAnswerFields {
    hvruntime::net::DhcpType type{};
    hvruntime::net::Ipv4Address your_ip;
    std::map<int, hvruntime::net::Bytes> options;
};

inline DhcpAnswerFields read_dhcp_answer(const hvruntime::net::Bytes& payload) {
    DhcpAnswerFields fields;
    REQUIRE(payload.size() > 240);
    REQUIRE(payload[0] == 2);
    hvruntime::net::WireReader in(payload);
    in.bytes(4);
    REQUIRE(in.u32() == 0xcafe0001);
    in.bytes(8);
    fields.your_ip = in.ip();
    in.bytes(240 - 20);
    while (in.left() > 0) {
        const int code = in.u8();
        if (code == 0) {
            continue;
        }
        if (code == 255) {
            break;
        }
        const auto value = in.bytes(in.u8());
        fields.options[code].assign(value.begin(), value.end());
    }
    REQUIRE(in.ok());
    REQUIRE(fields.options[53].size() == 1);
    fields.type = static_cast<hvruntime::net::DhcpType>(fields.options[53][0]);
    return fields;
}

}  // namespace tests
