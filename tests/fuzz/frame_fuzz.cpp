// SPDX-License-Identifier: Apache-2.0
// Whole frames from a guest: where they go, and what the service makes of them. A frame that is let
// through must carry the sender's own addresses.
#include <cstdlib>

#include "hvruntime/net/engine/service.h"
#include "tests/fuzz/sample_network.h"

using namespace hvruntime::net;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const NetworkLayout layout{{{0x0a540000}, 24}, 1500};
    static const Service service(sample_network(), layout);
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
