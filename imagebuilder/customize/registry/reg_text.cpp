// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/error.h"
#include "imagebuilder/customize/registry/reg_file.h"

namespace imagebuilder {

namespace {

void append_utf8(std::string& text, std::uint32_t code) {
    const auto add = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
    if (code < 0x80) {
        add(code);
    } else if (code < 0x800) {
        add(0xc0 | code >> 6U);
        add(0x80 | (code & 0x3fU));
    } else if (code < 0x10000) {
        add(0xe0 | code >> 12U);
        add(0x80 | (code >> 6U & 0x3fU));
        add(0x80 | (code & 0x3fU));
    } else {
        add(0xf0 | code >> 18U);
        add(0x80 | (code >> 12U & 0x3fU));
        add(0x80 | (code >> 6U & 0x3fU));
        add(0x80 | (code & 0x3fU));
    }
}

bool is_high(std::uint32_t unit) {
    return unit >= 0xd800 && unit < 0xdc00;
}
bool is_low(std::uint32_t unit) {
    return unit >= 0xdc00 && unit < 0xe000;
}

std::string from_utf16(std::string_view bytes, bool little, const std::string& name) {
    const auto unit = [&](std::size_t at) {
        const auto first = static_cast<unsigned char>(bytes[at]);
        const auto second = static_cast<unsigned char>(bytes[at + 1]);
        return static_cast<std::uint32_t>(little ? second << 8U | first : first << 8U | second);
    };
    std::string text;
    for (std::size_t at = 0; at + 1 < bytes.size(); at += 2) {
        std::uint32_t code = unit(at);
        if (is_high(code) && at + 3 < bytes.size() && is_low(unit(at + 2))) {
            code = 0x10000 + ((code - 0xd800) << 10U) + (unit(at + 2) - 0xdc00);
            at += 2;
        }
        if (is_high(code) || is_low(code)) {
            throw base::Error(base::ErrorKind::invalid_input,
                              fmt::format("{}: broken UTF-16 at byte {}", name, at));
        }
        append_utf8(text, code);
    }
    if (bytes.size() % 2 != 0) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("{}: the UTF-16 text ends in half a character", name));
    }
    return text;
}

}  // namespace

std::string reg_text_as_utf8(std::string_view bytes, const std::string& name) {
    if (bytes.starts_with("\xff\xfe")) {
        return from_utf16(bytes.substr(2), true, name);
    }
    if (bytes.starts_with("\xfe\xff")) {
        return from_utf16(bytes.substr(2), false, name);
    }
    if (bytes.starts_with("\xef\xbb\xbf")) {
        bytes.remove_prefix(3);
    }
    if (bytes.find('\0') != std::string_view::npos) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("{}: not UTF-8, and no mark of UTF-16", name),
                          "export it with Regedit, or convert it: iconv -t UTF-8");
    }
    return std::string(bytes);
}

}  // namespace imagebuilder
