// SPDX-License-Identifier: Apache-2.0
// Any bytes as a time stamp token: an Error, or a verdict; it never fits data it was not made for.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/crypto/timestamp.h"
#include "base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // SAFETY: octets seen as chars.
    const std::string_view token(reinterpret_cast<const char*>(data), size);
    try {
        base::parse_timestamp(token, "x.cert");
        if (base::check_timestamp(token, "data of nobody", {}, 1800000000).trusted) {
            std::abort();
        }
    } catch (const base::Error& error) {
        if (error.kind() != base::ErrorKind::invalid_input) {
            std::abort();
        }
    }
    base::find_timestamp_pem(token);
    return 0;
}
