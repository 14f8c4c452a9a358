// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include <sys/random.h>
#include <array>
#include <cerrno>
#include <string_view>

#include "base/error.h"

namespace base {

void random_bytes(std::span<std::byte> out) {
    while (!out.empty()) {
        const ssize_t got = ::getrandom(out.data(), out.size(), 0);
        if (got > 0) {
            out = out.subspan(static_cast<std::size_t>(got));
        } else if (errno != EINTR) {
            throw SystemError(errno, "cannot get random bytes");
        }
    }
}

namespace {

// Unbiased: bytes beyond the largest multiple of the alphabet's size are thrown away.
std::string random_text(std::string_view alphabet, std::size_t length) {
    const unsigned limit = 256U - 256U % static_cast<unsigned>(alphabet.size());
    std::string text;
    std::array<std::byte, 64> pool{};
    while (text.size() < length) {
        random_bytes(pool);
        for (const std::byte value : pool) {
            const auto number = std::to_integer<unsigned>(value);
            if (number < limit && text.size() < length) {
                text += alphabet[number % alphabet.size()];
            }
        }
    }
    return text;
}

}  // namespace

std::string random_hex(std::size_t digits) {
    return random_text("0123456789abcdef", digits);
}

std::string random_password(std::size_t length) {
    return random_text("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789", length);
}

std::string random_uuid() {
    std::string hex = random_hex(32);
    hex[12] = '4';
    hex[16] = random_text("89ab", 1)[0];
    return hex.substr(0, 8) + '-' + hex.substr(8, 4) + '-' + hex.substr(12, 4) + '-' +
           hex.substr(16, 4) + '-' + hex.substr(20);
}

}  // namespace base
