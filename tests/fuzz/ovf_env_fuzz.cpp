// SPDX-License-Identifier: Apache-2.0
// Any bytes are an OVF environment or an Error; what is read can be written and reads back equal.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "ovfkit/env/ovf_env.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // SAFETY: unsigned char seen as char.
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    try {
        const ovfkit::OvfEnvironment environment = ovfkit::read_ovf_env(text, "fuzz.xml");
        if (ovfkit::read_ovf_env(ovfkit::write_ovf_env(environment), "again.xml") != environment) {
            std::abort();
        }
    } catch (const base::Error&) {  // refused
    }
    return 0;
}
