// SPDX-License-Identifier: Apache-2.0
// Any bytes are a descriptor or an Error; what is accepted can be written, and reads back the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "ovfkit/descriptor/envelope_queries.h"
#include "ovfkit/descriptor/read_envelope.h"
#include "ovfkit/descriptor/write_envelope.h"

namespace {

// In this process, where the fuzzer sees it.
ovfkit::Envelope read(std::string_view text) {
    return ovfkit::read_envelope(ovfkit::xml::parse_document(text, "fuzz.ovf"), "fuzz.ovf");
}

void ask(const ovfkit::Envelope& envelope) {
    const std::string configuration = ovfkit::default_configuration(envelope);
    for (const ovfkit::VirtualSystem* system : ovfkit::all_systems(envelope)) {
        try {
            ovfkit::cpus_of(*system, configuration);
            ovfkit::memory_bytes_of(*system, configuration);
        } catch (const base::Error&) {  // out of range: told to the user at deployment
        }
        ovfkit::disks_of(envelope, *system, configuration);
        ovfkit::nics_of(*system, configuration);
        ovfkit::properties_of(*system, configuration);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // SAFETY: unsigned char seen as char.
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    try {
        const ovfkit::Envelope envelope = read(text);
        ask(envelope);
        const std::string once = ovfkit::write_envelope(envelope);
        const std::string twice = ovfkit::write_envelope(read(once));
        if (once != twice) {
            std::abort();
        }
    } catch (const base::Error&) {  // refused
    }
    return 0;
}
