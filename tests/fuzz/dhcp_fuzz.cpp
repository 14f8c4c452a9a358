// SPDX-License-Identifier: Apache-2.0
// DHCP messages from a guest, and our answer to those that are well formed.
#include <cstdlib>

#include "hvruntime/net/packet/dhcp.h"

using namespace hvruntime::net;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const DhcpLease lease{.ip = {0x0a54000a},
                                 .subnet = {{0x0a540000}, 24},
                                 .server = {0x0a540003},
                                 .router = Ipv4Address{0x0a540001},
                                 .host_name = "db",
                                 .domains = {"shop1", "guestbook"}};
    if (const auto message = find_dhcp(ByteView(data, size))) {
        const auto answer = answer_dhcp(*message, lease);
        if (answer && (answer->payload.size() < 300 || answer->payload.size() > 576)) {
            std::abort();  // RFC 2131, 2: what every client takes
        }
    }
    return 0;
}
