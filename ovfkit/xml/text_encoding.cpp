// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/xml/text_encoding.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

#include "base/error.h"
#include "base/letter_case.h"

namespace ovfkit::xml {

namespace {

constexpr char32_t kReplacement = 0xFFFD;

unsigned byte_at(std::string_view text, std::size_t offset) {
    return static_cast<unsigned char>(text[offset]);
}

std::string utf16_to_utf8(std::string_view bytes, bool big_endian) {
    std::string out;
    out.reserve(bytes.size());
    const auto unit_at = [&](std::size_t i) -> char32_t {
        const unsigned first = byte_at(bytes, i);
        const unsigned second = byte_at(bytes, i + 1);
        return big_endian ? (first << 8U | second) : (second << 8U | first);
    };
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
        const char32_t unit = unit_at(i);
        const bool high = unit >= 0xD800 && unit < 0xDC00;
        const char32_t low = high && i + 3 < bytes.size() ? unit_at(i + 2) : 0;
        if (high && low >= 0xDC00 && low < 0xE000) {
            append_utf8(out, 0x10000 + ((unit - 0xD800) << 10U) + (low - 0xDC00));
            i += 2;
        } else {
            append_utf8(out, unit >= 0xD800 && unit < 0xE000 ? kReplacement : unit);
        }
    }
    return out;
}

std::string latin1_to_utf8(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size());
    for (const char byte : bytes) {
        append_utf8(out, static_cast<unsigned char>(byte));
    }
    return out;
}

// The encoding named in <?xml … encoding="…"?>, lower case; empty when there is none.
std::string declared_encoding(std::string_view text) {
    if (!text.starts_with("<?xml")) {
        return "";
    }
    const std::string_view declaration = text.substr(0, text.find("?>"));
    const std::size_t key = declaration.find("encoding");
    const std::size_t quote = declaration.find_first_of("\"'", key);
    if (key == std::string_view::npos || quote == std::string_view::npos) {
        return "";
    }
    const std::size_t end = declaration.find(declaration[quote], quote + 1);
    if (end == std::string_view::npos) {
        return "";
    }
    return base::to_lower(declaration.substr(quote + 1, end - quote - 1));
}

}  // namespace

std::optional<Utf8Char> decode_utf8(std::string_view text, std::size_t offset) {
    const unsigned first = byte_at(text, offset);
    if (first < 0x80) {
        return Utf8Char{first, 1};
    }
    const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || offset + length > text.size()) {
        return std::nullopt;
    }
    char32_t code = first & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        const unsigned next = byte_at(text, offset + i);
        if ((next & 0xC0U) != 0x80U) {
            return std::nullopt;
        }
        code = code << 6U | (next & 0x3FU);
    }
    constexpr std::array<char32_t, 5> kSmallest{0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = code >= 0xD800 && code < 0xE000;
    if (code < kSmallest[length] || code > 0x10FFFF || surrogate) {
        return std::nullopt;
    }
    return Utf8Char{code, length};
}

void append_utf8(std::string& out, char32_t code) {
    const auto push = [&](char32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) {
        push(code);
    } else if (code < 0x800) {
        push(0xC0U | code >> 6U);
        push(0x80U | (code & 0x3FU));
    } else if (code < 0x10000) {
        push(0xE0U | code >> 12U);
        push(0x80U | (code >> 6U & 0x3FU));
        push(0x80U | (code & 0x3FU));
    } else {
        push(0xF0U | code >> 18U);
        push(0x80U | (code >> 12U & 0x3FU));
        push(0x80U | (code >> 6U & 0x3FU));
        push(0x80U | (code & 0x3FU));
    }
}

bool is_xml_char(char32_t code) {
    if (code < 0x20) {
        return code == '\t' || code == '\n' || code == '\r';
    }
    return code < 0xD800 ||
           (code >= 0xE000 && code <= 0x10FFFF && code != 0xFFFE && code != 0xFFFF);
}

std::string to_utf8(std::string_view bytes, const std::string& name) {
    if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) {
        std::string text = utf16_to_utf8(bytes.substr(2), bytes.front() == '\xFE');
        text.resize(text.find_last_not_of('\0') + 1);
        return text;
    }
    if (bytes.starts_with("\xEF\xBB\xBF")) {
        bytes.remove_prefix(3);
    }
    bytes = bytes.substr(0, bytes.find_last_not_of('\0') + 1);
    const std::string encoding = declared_encoding(bytes);
    if (encoding == "iso-8859-1" || encoding == "latin1") {
        return latin1_to_utf8(bytes);
    }
    // A text that names UTF-16 and reads as bytes was converted without changing its declaration.
    if (!encoding.empty() && encoding != "utf-8" && encoding != "utf8" && encoding != "us-ascii" &&
        encoding != "ascii" && encoding != "utf-16") {
        throw base::Error(
            base::ErrorKind::unsupported,
            fmt::format("{}:1:1: the character encoding '{}' is not supported", name, encoding),
            "convert the file to UTF-8");
    }
    return std::string(bytes);
}

}  // namespace ovfkit::xml
