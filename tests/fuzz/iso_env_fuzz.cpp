// SPDX-License-Identifier: Apache-2.0
// A configuration CD from anybody: ISO reader, OVF environment and muster.json behind it.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/error.h"
#include "hvruntime/guest/agent/config/guest_config.h"
#include "hvruntime/guest/agent/config/iso_reader.h"
#include "hvruntime/guest/agent/config/system_files.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hvruntime::agent;
    // The 32 KiB before the volume descriptor mean nothing: inputs begin behind them.
    constexpr std::uint64_t kSystemArea = 32U << 10U;
    const auto read_at = [&](std::uint64_t offset, std::span<std::byte> buffer) -> std::size_t {
        if (offset < kSystemArea || offset - kSystemArea >= size) {
            return 0;
        }
        const std::size_t from = offset - kSystemArea;
        const std::size_t count = std::min(buffer.size(), size - from);
        std::memcpy(buffer.data(), data + from, count);
        return count;
    };
    try {
        const IsoReader iso(read_at);
        const GuestConfig config = parse_guest_config(iso.read_root_file("ovf-env.xml", 1U << 20U),
                                                      iso.read_root_file("muster.json", 1U << 20U));
        for (const Interface& interface : config.interfaces) {
            network_file_text(interface, config);
        }
        hosts_text("127.0.0.1 localhost\n", config);
        resolv_conf_text(config);
    } catch (const base::Error&) {  // refusing is fine
    }
    return 0;
}
