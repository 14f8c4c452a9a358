// SPDX-License-Identifier: Apache-2.0
// DNS questions from a guest and our answers; the same bytes as a resolver's answer to be relayed.
#include <cstdlib>

#include "hvruntime/net/packet/dns.h"
#include "tests/fuzz/sample_network.h"

using namespace hvruntime::net;

namespace {

void relay(ByteView answer) {
    static const Bytes question{1, 'x', 0, 0, 1, 0, 1};
    const DnsQuery query{.id = 7, .name = "x", .type = 1, .dns_class = 1, .question = question};
    if (is_answer_to(answer, 0x1234, query) && relay_dns_answer(answer, query, 512).size() > 512) {
        std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const DnsZone zone(sample_network(), Subnet{{0x0a540000}, 24});
    const ByteView input(data, size);
    const DnsReading reading = read_dns_query(input);
    if (reading.query) {
        const Bytes answer = build_dns_answer(*reading.query, zone.look_up(*reading.query));
        if (answer.size() > 1024) {
            std::abort();
        }
        build_dns_error(*reading.query, DnsCode::refused);
    } else if (reading.code) {
        build_dns_error(input, *reading.code);
    }
    relay(input);
    return 0;
}
