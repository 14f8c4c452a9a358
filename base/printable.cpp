// SPDX-License-Identifier: Apache-2.0
#include "base/printable.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

namespace base {

namespace {

struct Character {
    std::size_t bytes = 1;
    std::optional<char32_t> code;  // empty: the byte is no UTF-8
};

// The first character of a text that is not empty. Overlong forms and surrogates are no UTF-8.
Character first_character(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned lead = byte(0);
    if (lead < 0x80) {
        return {1, lead};
    }
    const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < bytes) {
        return {1, std::nullopt};
    }
    char32_t code = lead & (0xffU >> (bytes + 1));
    for (std::size_t i = 1; i < bytes; ++i) {
        if ((byte(i) & 0xc0U) != 0x80) {
            return {1, std::nullopt};
        }
        code = (code << 6U) | (byte(i) & 0x3fU);
    }
    constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool good =
        code >= kSmallest[bytes] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    return good ? Character{bytes, code} : Character{1, std::nullopt};
}

// What moves the cursor, changes colours, or makes text read in another order than it stands.
bool is_unsafe(char32_t code) {
    const bool control =
        (code < 0x20 && code != '\n' && code != '\t') || (code >= 0x7f && code <= 0x9f);
    const bool direction = code == 0x061c || code == 0x200e || code == 0x200f ||
                           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
    return control || direction;
}

}  // namespace

std::string printable(std::string_view text) {
    std::string safe;
    while (!text.empty()) {
        const Character character = first_character(text);
        if (character.code && !is_unsafe(*character.code)) {
            safe += text.substr(0, character.bytes);
        } else if (character.bytes == 1) {
            safe += fmt::format("\\x{:02x}", static_cast<unsigned char>(text.front()));
        } else {
            safe += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(*character.code));
        }
        text.remove_prefix(character.bytes);
    }
    return safe;
}

std::string printable_line(std::string_view text) {
    std::string safe = printable(text);
    std::replace_if(
        safe.begin(), safe.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
    return safe;
}

}  // namespace base
