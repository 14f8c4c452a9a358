// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/descriptor/units.h"

#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <string>
#include <utility>

namespace ovfkit {

namespace {

std::string squeezed_lower(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (std::isspace(static_cast<unsigned char>(c)) == 0) {
            out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        }
    }
    return out;
}

constexpr std::uint64_t kKilo = 1024;

// "MegaBytes" of the field is 2^20, as in VMware's and VirtualBox's files.
constexpr std::array<std::pair<std::string_view, std::uint64_t>, 22> kNames{{
    {"byte", 1},
    {"bytes", 1},
    {"b", 1},
    {"count", 1},
    {"hertz", 1},
    {"hz", 1},
    {"kilobyte", kKilo},
    {"kilobytes", kKilo},
    {"kb", kKilo},
    {"megabyte", kKilo* kKilo},
    {"megabytes", kKilo* kKilo},
    {"mb", kKilo* kKilo},
    {"gigabyte", kKilo* kKilo* kKilo},
    {"gigabytes", kKilo* kKilo* kKilo},
    {"gb", kKilo* kKilo* kKilo},
    {"terabyte", kKilo* kKilo* kKilo* kKilo},
    {"terabytes", kKilo* kKilo* kKilo* kKilo},
    {"tb", kKilo* kKilo* kKilo* kKilo},
    {"megahertz", 1'000'000},
    {"mhz", 1'000'000},
    {"gigahertz", 1'000'000'000},
    {"ghz", 1'000'000'000},
}};

std::optional<std::uint64_t> number_of(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

// "2^20", "1024"
std::optional<std::uint64_t> modifier_factor(std::string_view text) {
    const std::size_t caret = text.find('^');
    const auto base = number_of(text.substr(0, caret));
    if (caret == std::string_view::npos || !base) {
        return base;
    }
    std::string_view exponent_text = text.substr(caret + 1);
    if (exponent_text.starts_with('+')) {
        exponent_text.remove_prefix(1);
    }
    const auto exponent = number_of(exponent_text);
    if (!exponent || *exponent > 63) {
        return std::nullopt;
    }
    std::optional<std::uint64_t> value = 1;
    for (std::uint64_t i = 0; i < *exponent && value; ++i) {
        value = multiply(*value, *base);
    }
    return value;
}

std::optional<std::uint64_t> name_factor(std::string_view name) {
    for (const auto& [candidate, factor] : kNames) {
        if (candidate == name) {
            return factor;
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> multiply(std::uint64_t a, std::uint64_t b) {
    if (a != 0 && b > std::numeric_limits<std::uint64_t>::max() / a) {
        return std::nullopt;
    }
    return a * b;
}

std::optional<std::uint64_t> unit_factor(std::string_view text) {
    const std::string unit = squeezed_lower(text);
    if (unit.empty()) {
        return 1;
    }
    std::string_view rest = unit;
    std::size_t star = rest.find('*');
    std::optional<std::uint64_t> factor = name_factor(rest.substr(0, star));
    while (factor && star != std::string_view::npos) {
        rest.remove_prefix(star + 1);
        star = rest.find('*');
        const auto modifier = modifier_factor(rest.substr(0, star));
        factor = modifier ? multiply(*factor, *modifier) : std::nullopt;
    }
    return factor;
}

}  // namespace ovfkit
