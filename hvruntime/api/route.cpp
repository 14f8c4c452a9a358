// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/api/route.h"

#include "base/error.h"

namespace hvruntime {

namespace {

std::optional<unsigned> hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return static_cast<unsigned>(c - '0');
    }
    const char lower = static_cast<char>(c | 0x20);
    if (lower >= 'a' && lower <= 'f') {
        return static_cast<unsigned>(lower - 'a' + 10);
    }
    return std::nullopt;
}

// "/a//b" is "a", "", "b".
std::vector<std::string_view> split_path(std::string_view path) {
    std::vector<std::string_view> segments;
    path.remove_prefix(1);
    while (true) {
        const std::size_t slash = path.find('/');
        segments.push_back(path.substr(0, slash));
        if (slash == std::string_view::npos) {
            return segments;
        }
        path.remove_prefix(slash + 1);
    }
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded += text[i];
            continue;
        }
        const auto high = i + 2 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
        const auto low = i + 2 < text.size() ? hex_digit(text[i + 2]) : std::nullopt;
        if (!high || !low || (*high == 0 && *low == 0)) {
            return std::nullopt;
        }
        decoded += static_cast<char>(*high * 16 + *low);
        i += 2;
    }
    return decoded;
}

RoutePattern::RoutePattern(std::string_view pattern) {
    if (!pattern.starts_with('/')) {
        base::unreachable("a route must start with '/'");
    }
    for (const std::string_view segment : split_path(pattern)) {
        const bool is_name = segment.starts_with('{') && segment.ends_with('}');
        segments_.push_back(
            {std::string(is_name ? segment.substr(1, segment.size() - 2) : segment), is_name});
    }
}

std::optional<std::map<std::string, std::string>> RoutePattern::match(std::string_view path) const {
    if (!path.starts_with('/')) {
        return std::nullopt;
    }
    const std::vector<std::string_view> given = split_path(path);
    if (given.size() != segments_.size()) {
        return std::nullopt;
    }
    std::map<std::string, std::string> names;
    for (std::size_t i = 0; i < given.size(); ++i) {
        const std::optional<std::string> text = percent_decode(given[i]);
        if (!text || (segments_[i].is_name ? text->empty() : *text != segments_[i].text)) {
            return std::nullopt;
        }
        if (segments_[i].is_name) {
            names[segments_[i].text] = *text;
        }
    }
    return names;
}

}  // namespace hvruntime
