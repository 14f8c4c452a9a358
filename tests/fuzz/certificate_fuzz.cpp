// SPDX-License-Identifier: Apache-2.0
// Any bytes as a certificate file; then as far as a signature check goes.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/crypto/trust.h"
#include "base/error.h"
#include "ovfkit/package/certificate.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // SAFETY: octets seen as chars.
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    try {
        const auto certificate = ovfkit::parse_package_certificate(text, "x.cert");
        const auto chain = std::span(certificate.chain);
        base::verify_signature(chain.front(), certificate.algorithm, "manifest",
                               certificate.signature);
        base::check_trust(chain.front(), chain.subspan(1), chain, 1800000000);
    } catch (const base::Error& error) {
        if (error.kind() != base::ErrorKind::invalid_input) {
            std::abort();
        }
    }
    return 0;
}
