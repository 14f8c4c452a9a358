// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/base64.h"

#include <openssl/evp.h>

#include <limits>

#include "base/error.h"

namespace base {

std::string to_base64(std::string_view bytes) {
    if (bytes.size() > std::numeric_limits<int>::max() / 2) {
        throw Error(ErrorKind::unsupported, "too many bytes for one base64 text");
    }
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // OpenSSL ends it with a zero
    const int length = ::EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                         reinterpret_cast<const unsigned char*>(bytes.data()),
                                         static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(length));
    return text;
}

std::optional<std::string> from_base64(std::string_view text) {
    if (text.size() % 4 != 0 || text.size() > std::numeric_limits<int>::max()) {
        return std::nullopt;
    }
    std::string bytes(text.size() / 4 * 3, '\0');
    const int length = ::EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                         reinterpret_cast<const unsigned char*>(text.data()),
                                         static_cast<int>(text.size()));
    if (length < 0) {
        return std::nullopt;
    }
    // OpenSSL counts the bytes of the padding too.
    std::size_t padding = 0;
    while (padding < text.size() && text[text.size() - 1 - padding] == '=') {
        ++padding;
    }
    bytes.resize(static_cast<std::size_t>(length) - std::min<std::size_t>(padding, 2));
    // It also skips blanks around the text, and bits that the padding leaves over.
    return to_base64(bytes) == text ? std::optional(bytes) : std::nullopt;
}

}  // namespace base
