// SPDX-License-Identifier: Apache-2.0
// Any bytes as a manifest; what was understood reads the same after writing it.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "ovfkit/package/manifest.h"

namespace {

void check_round_trip(const ovfkit::Manifest& manifest) {
    if (manifest.entries.empty()) {
        return;
    }
    const ovfkit::Manifest again = ovfkit::parse_manifest(format_manifest(manifest), "again.mf");
    if (again.entries.size() != manifest.entries.size()) {
        std::abort();
    }
    for (std::size_t i = 0; i < again.entries.size(); ++i) {
        const ovfkit::ManifestEntry& before = manifest.entries[i];
        const ovfkit::ManifestEntry& after = again.entries[i];
        if (before.file != after.file || before.algorithm != after.algorithm ||
            before.digest != after.digest) {
            std::abort();
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // SAFETY: octets seen as chars.
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const bool lax : {false, true}) {
        ovfkit::Manifest manifest;
        try {
            manifest = ovfkit::parse_manifest(text, "x.mf", lax);
        } catch (const base::Error& error) {
            if (error.kind() != base::ErrorKind::invalid_input) {
                std::abort();
            }
            continue;
        }
        check_round_trip(manifest);
    }
    return 0;
}
