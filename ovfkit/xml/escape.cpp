// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/xml/escape.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "ovfkit/xml/text_encoding.h"

namespace ovfkit::xml {

namespace {

std::string_view escape_of(char c, bool in_attribute) {
    switch (c) {
        case '&': return "&amp;";
        case '<': return "&lt;";
        case '>': return "&gt;";
        case '\r': return "&#13;";
        case '"': return in_attribute ? "&quot;" : "";
        case '\n': return in_attribute ? "&#10;" : "";
        case '\t': return in_attribute ? "&#9;" : "";
        default: return "";
    }
}

std::string escaped(std::string_view value, bool in_attribute, std::string_view where) {
    std::string out;
    out.reserve(value.size());
    for (std::size_t i = 0; i < value.size();) {
        const auto c = decode_utf8(value, i);
        if (!c || !is_xml_char(c->code)) {
            throw base::Error(
                base::ErrorKind::invalid_input,
                fmt::format("{}: byte {} (0x{:02x}) of the value cannot be written to XML", where,
                            i + 1, static_cast<unsigned char>(value[i])),
                "XML holds UTF-8 text without control characters; encode the value, for example "
                "in base64");
        }
        const std::string_view escape = c->length == 1 ? escape_of(value[i], in_attribute) : "";
        out += escape.empty() ? value.substr(i, c->length) : escape;
        i += c->length;
    }
    return out;
}

// "amp", "#38", "#x26"
void append_reference(std::string& out, std::string_view entity) {
    constexpr std::array<std::pair<std::string_view, char>, 5> kEntities{
        {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}}};
    if (entity.starts_with('#')) {
        const bool hex = entity.starts_with("#x");
        const std::string_view digits = entity.substr(hex ? 2 : 1);
        std::uint32_t code = 0;
        std::from_chars(digits.data(), digits.data() + digits.size(), code, hex ? 16 : 10);
        append_utf8(out, code);
        return;
    }
    for (const auto& [name, character] : kEntities) {
        if (entity == name) {
            out += character;
        }
    }
}

}  // namespace

std::string escape_attribute(std::string_view value, std::string_view where) {
    return escaped(value, true, where);
}

std::string escape_text(std::string_view value, std::string_view where) {
    return escaped(value, false, where);
}

std::string unescape(std::string_view raw) {
    std::string out;
    out.reserve(raw.size());
    while (true) {
        const std::size_t start = raw.find('&');
        out += raw.substr(0, start);
        const std::size_t end = start == std::string_view::npos ? start : raw.find(';', start);
        if (end == std::string_view::npos) {
            return out;
        }
        append_reference(out, raw.substr(start + 1, end - start - 1));
        raw.remove_prefix(end + 1);
    }
}

}  // namespace ovfkit::xml
