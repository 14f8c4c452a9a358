// SPDX-License-Identifier: Apache-2.0
// Bytes of an XML file to UTF-8 that is known to be well formed, and the characters of XML 1.0.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ovfkit::xml {

// The character at `offset` and how many bytes it takes; nothing when the bytes are not UTF-8.
struct Utf8Char {
    char32_t code = 0;
    std::size_t length = 1;
};
std::optional<Utf8Char> decode_utf8(std::string_view text, std::size_t offset);
void append_utf8(std::string& out, char32_t code);

// XML 1.0 clause 2.2: no control characters but tab, line feed and carriage return.
bool is_xml_char(char32_t code);

// Drops a byte order mark and zero bytes at the end; converts UTF-16 (with a byte order mark) and
// ISO-8859-1 (when the declaration names it). Throws unsupported for other encodings. Does not
// check the characters.
std::string to_utf8(std::string_view bytes, const std::string& name);

}  // namespace ovfkit::xml
