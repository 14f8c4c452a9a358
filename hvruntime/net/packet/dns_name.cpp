// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/net/packet/dns_name.h"

namespace hvruntime::net {

namespace {

constexpr std::size_t kLongestLabel = 63;
constexpr std::size_t kLongestName = 255;

char text_of(std::uint8_t byte) {
    const char c = static_cast<char>(byte);
    if (c >= 'A' && c <= 'Z') {
        return static_cast<char>(c - 'A' + 'a');
    }
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    return plain ? c : '?';
}

}  // namespace

void write_dns_name(WireWriter& out, std::string_view name) {
    while (!name.empty()) {
        const std::size_t dot = std::min(name.find('.'), name.size());
        const std::string_view label = name.substr(0, std::min(dot, kLongestLabel));
        if (!label.empty()) {
            out.u8(static_cast<unsigned>(label.size()));
            out.bytes(Bytes(label.begin(), label.end()));
        }
        name.remove_prefix(std::min(dot + 1, name.size()));
    }
    out.u8(0);
}

std::optional<std::string> read_dns_name(WireReader& in) {
    std::string name;
    const std::size_t start = in.offset();
    while (in.ok()) {
        const std::uint8_t length = in.u8();
        if (length == 0) {
            break;
        }
        if (length > kLongestLabel || in.offset() - start + length >= kLongestName) {
            return std::nullopt;
        }
        if (!name.empty()) {
            name += '.';
        }
        for (const std::uint8_t byte : in.bytes(length)) {
            name += text_of(byte);
        }
    }
    return in.ok() ? std::optional(name) : std::nullopt;
}

}  // namespace hvruntime::net
