// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/descriptor/property/property_type.h"

#include <array>
#include <cctype>
#include <charconv>

#include "ovfkit/descriptor/property/qualifiers.h"

namespace ovfkit {

namespace {

using Kind = PropertyType::Kind;

struct NamedType {
    std::string_view name;
    Kind kind;
    int bits;
};

constexpr std::array<NamedType, 19> kTypes{{
    {"uint8", Kind::unsigned_integer, 8},
    {"uint16", Kind::unsigned_integer, 16},
    {"uint32", Kind::unsigned_integer, 32},
    {"uint64", Kind::unsigned_integer, 64},
    {"sint8", Kind::signed_integer, 8},
    {"sint16", Kind::signed_integer, 16},
    {"sint32", Kind::signed_integer, 32},
    {"sint64", Kind::signed_integer, 64},
    {"int", Kind::signed_integer, 32},
    {"integer", Kind::signed_integer, 64},
    {"real", Kind::real, 64},
    {"real32", Kind::real, 32},
    {"real64", Kind::real, 64},
    {"boolean", Kind::boolean, 1},
    {"bool", Kind::boolean, 1},
    {"string", Kind::string, 0},
    {"password", Kind::password, 0},
    {"ip", Kind::ip, 0},
    {"expression", Kind::string, 0},
}};

std::optional<double> bound_of(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

std::string without_spaces(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (std::isspace(static_cast<unsigned char>(c)) == 0) {
            out += c;
        }
    }
    return out;
}

// "(1..15)", "(..15)", "(1..)"
void read_interval(std::string_view rest, PropertyType& type) {
    const std::string interval = without_spaces(rest.substr(1, rest.find(')') - 1));
    const std::string_view text = interval;
    const std::size_t dots = text.find("..");
    if (dots != std::string_view::npos) {
        type.minimum = bound_of(text.substr(0, dots));
        type.maximum = bound_of(text.substr(dots + 2));
    }
}

}  // namespace

std::optional<PropertyType> parse_property_type(std::string_view text) {
    std::string name;
    while (!text.empty() && std::isalnum(static_cast<unsigned char>(text.front())) != 0) {
        name += static_cast<char>(std::tolower(static_cast<unsigned char>(text.front())));
        text.remove_prefix(1);
    }
    for (const NamedType& known : kTypes) {
        if (known.name != name) {
            continue;
        }
        PropertyType type{.kind = known.kind, .bits = known.bits};
        while (!text.empty() && text.front() == ' ') {
            text.remove_prefix(1);
        }
        if (text.starts_with('(')) {
            read_interval(text, type);
        } else if (text.starts_with('[')) {
            const std::size_t end = text.rfind(']');
            type.choices = parse_qualifiers(
                               "ValueMap{" +
                               std::string(text.substr(1, end == text.npos ? end : end - 1)) + "}")
                               .value_map;
        }
        return type;
    }
    return std::nullopt;
}

}  // namespace ovfkit
