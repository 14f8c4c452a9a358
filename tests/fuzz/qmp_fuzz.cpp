// SPDX-License-Identifier: Apache-2.0
// QEMU's side of a QMP connection, cut into pieces whose length the first byte gives.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "hvruntime/qmp/qmp_framer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::size_t piece = std::size_t{data[0]} + 1;
    // SAFETY: unsigned char seen as char.
    std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    hvruntime::QmpFramer framer;
    while (!rest.empty()) {
        framer.feed(rest.substr(0, piece));
        rest.remove_prefix(std::min(piece, rest.size()));
        for (bool more = true; more;) {
            try {
                more = framer.next().has_value();
            } catch (const base::Error&) {
                // A bad line is skipped; the next one may be good.
            }
        }
    }
    return 0;
}
