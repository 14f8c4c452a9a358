// SPDX-License-Identifier: Apache-2.0
// Any bytes as an archive: an Error or members whose names and sizes keep the rules.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "base/error.h"
#include "ovfkit/package/tar/member_name.h"
#include "ovfkit/package/tar/tar_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // SAFETY: octets seen as chars.
    base::MemorySource source(std::string(reinterpret_cast<const char*>(data), size), "x.ova");
    ovfkit::TarLimits limits;
    limits.members = 64;
    limits.header_bytes = 8192;
    try {
        ovfkit::TarReader reader(source, limits);
        std::vector<std::byte> buffer(512);
        std::size_t members = 0;
        while (const auto member = reader.next()) {
            std::uint64_t bytes = 0;
            while (const std::size_t got = reader.read(buffer)) {
                bytes += got;
            }
            const bool good = bytes == member->size && ++members <= limits.members &&
                              ovfkit::normalized_member_name(member->name, "x") == member->name &&
                              reader.position() <= size;
            if (!good) {
                std::abort();
            }
        }
    } catch (const base::Error& error) {
        if (error.kind() != base::ErrorKind::invalid_input) {
            std::abort();
        }
    }
    return 0;
}
