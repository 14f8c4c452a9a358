// SPDX-License-Identifier: Apache-2.0
// Whole frames from a guest: where they go, and what the service makes of them. A frame that is let
// through must carry the sender's own addresses.
#include <cstdlib>

#include "hvruntime/net/engine/service.h"

using namespace hvruntime::net;

namespace {

hvruntime::SwitchSpec sample_spec() {
    return {.id = "a1",
            .name = "back",
            .subnet = "10.84.0.0/24",
            .domains = {"shop1"},
            .hosts = {{.name = "db", .ip = "10.84.0.10", .mac = "52:54:00:00:00:0a"}}};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const NetworkLayout layout{{{0x0a540000}, 24}, 1500};
    static const Service service(sample_spec(), layout);
    const PortIdentity db{{{0x52, 0x54, 0, 0, 0, 0x0a}}, {0x0a54000a}};
    const ByteView frame(data, size);
    const Route route = route_frame(layout, db, frame);
    if (route.target != Target::drop && find_ethernet(frame)->from != db.mac) {
        std::abort();
    }
    const ServiceAction action = service.handle(db, frame);
    if (action.reply && find_ethernet(*action.reply)->from != layout.service_mac()) {
        std::abort();
    }
    return 0;
}
