// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/md5.h"

#include <array>

#include <openssl/evp.h>

#include "base/error.h"

namespace base {

std::string md5_hex(std::string_view data) {
    std::array<unsigned char, 16> value{};
    unsigned length = 0;
    if (EVP_Digest(data.data(), data.size(), value.data(), &length, EVP_md5(), nullptr) != 1) {
        throw Error(ErrorKind::environment, "OpenSSL refuses MD5");
    }
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string hex;
    for (const unsigned char byte : value) {
        hex += kDigits[byte >> 4U];
        hex += kDigits[byte & 15U];
    }
    return hex;
}

}  // namespace base
