// SPDX-License-Identifier: Apache-2.0
// The client's half of DNS for tests: one question out, code and records of the answer in.
#pragma once

#include <string>
#include <vector>

#include "hvruntime/net/packet/dns_name.h"
#include "tests/support/catch.h"

namespace tests {

constexpr unsigned kDnsA = 1;
constexpr unsigned kDnsPtr = 12;
constexpr unsigned kDnsAaaa = 28;

inline hvruntime::net::Bytes build_dns_question(const std::string& name, unsigned type,
                                                bool edns = false) {
    hvruntime::net::WireWriter out;
    out.u16(0x1234);
    out.u16(0x0100);
    out.u16(1);
    out.u32(0);
    out.u16(edns ? 1 : 0);
    hvruntime::net::write_dns_name(out, name);
    out.u16(type);
    out.u16(1);
    if (edns) {
        out.u8(0);
        out.u16(41);
        out.u16(1400);
        out.u32(0);
        out.u16(0);
    }
    return out.take();
}

struct DnsAnswerFields {
    unsigned code = 0;
    bool truncated = false;
    unsigned additionals = 0;
    std::vector<std::string> records;  // addresses, or names of PTR
};

inline DnsAnswerFields read_dns_answer(hvruntime::net::ByteView payload) {
    hvruntime::net::WireReader in(payload);
    REQUIRE(in.u16() == 0x1234);
    const unsigned flags = in.u16();
    REQUIRE((flags & 0x8000U) != 0);
    DnsAnswerFields fields{.code = flags & 15U, .truncated = (flags & 0x0200U) != 0};
    const unsigned questions = in.u16();
    const unsigned answers = in.u16();
    in.u16();
    fields.additionals = in.u16();
    for (unsigned i = 0; i < questions; ++i) {
        REQUIRE(hvruntime::net::read_dns_name(in));
        in.u32();
    }
    for (unsigned i = 0; i < answers; ++i) {
        REQUIRE(in.u16() == 0xc00c);
        const unsigned type = in.u16();
        in.bytes(6);
        const unsigned length = in.u16();
        if (type == kDnsA) {
            REQUIRE(length == 4);
            fields.records.push_back(hvruntime::net::to_string(in.ip()));
        } else {
            fields.records.push_back(hvruntime::net::read_dns_name(in).value_or("?"));
        }
    }
    REQUIRE(in.ok());
    return fields;
}

}  // namespace tests
