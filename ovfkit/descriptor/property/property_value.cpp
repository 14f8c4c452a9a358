// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/descriptor/property/property_value.h"

#include <arpa/inet.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/letter_case.h"
#include "ovfkit/descriptor/property/property_type.h"
#include "ovfkit/descriptor/property/qualifiers.h"
#include "ovfkit/xml/names.h"

namespace ovfkit {

namespace {

using Kind = PropertyType::Kind;
using Fault = std::optional<std::string>;

template <typename T>
std::optional<T> parsed(std::string_view text) {
    if (text.starts_with('+')) {
        text.remove_prefix(1);
    }
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

Fault integer_fault(const PropertyType& type, std::string_view value) {
    const auto shift = static_cast<unsigned>(type.bits);
    if (type.kind == Kind::unsigned_integer) {
        const std::uint64_t highest = ~std::uint64_t{0} >> (64U - shift);
        const auto number = parsed<std::uint64_t>(value);
        return number && *number <= highest
                   ? Fault()
                   : fmt::format("is not a whole number from 0 to {}", highest);
    }
    const auto highest = static_cast<std::int64_t>(~std::uint64_t{0} >> (65U - shift));
    const auto number = parsed<std::int64_t>(value);
    return number && *number <= highest && *number >= -highest - 1
               ? Fault()
               : fmt::format("is not a whole number from {} to {}", -highest - 1, highest);
}

bool is_ip_address(std::string_view value) {
    std::array<unsigned char, sizeof(in6_addr)> address{};
    const std::string text(value);
    return inet_pton(AF_INET, text.c_str(), address.data()) == 1 ||
           inet_pton(AF_INET6, text.c_str(), address.data()) == 1;
}

bool is_boolean(std::string_view value) {
    const std::string text = base::to_lower(value);
    return text == "true" || text == "false" || text == "1" || text == "0";
}

Fault type_fault(const PropertyType& type, std::string_view value) {
    switch (type.kind) {
        case Kind::unsigned_integer:
        case Kind::signed_integer: return integer_fault(type, value);
        case Kind::real: {
            const auto number = parsed<double>(value);
            return number && std::isfinite(*number) ? Fault() : Fault("is not a number");
        }
        case Kind::boolean: return is_boolean(value) ? Fault() : Fault("is neither true nor false");
        case Kind::ip: return is_ip_address(value) ? Fault() : Fault("is not an IP address");
        case Kind::string:
        case Kind::password: return std::nullopt;
    }
    return std::nullopt;
}

bool is_number(const PropertyType& type) {
    return type.kind == Kind::unsigned_integer || type.kind == Kind::signed_integer ||
           type.kind == Kind::real;
}

// Characters, not bytes.
std::size_t length_of(std::string_view value) {
    return static_cast<std::size_t>(std::count_if(value.begin(), value.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    }));
}

Fault length_fault(std::string_view value, std::optional<double> minimum,
                   std::optional<double> maximum) {
    const auto length = static_cast<double>(length_of(value));
    if (minimum && length < *minimum) {
        return fmt::format("is shorter than {} characters", *minimum);
    }
    if (maximum && length > *maximum) {
        return fmt::format("is longer than {} characters", *maximum);
    }
    return std::nullopt;
}

Fault range_fault(std::string_view value, std::optional<double> minimum,
                  std::optional<double> maximum) {
    const auto number = parsed<double>(value);
    if (number && minimum && *number < *minimum) {
        return fmt::format("is less than {}", *minimum);
    }
    if (number && maximum && *number > *maximum) {
        return fmt::format("is more than {}", *maximum);
    }
    return std::nullopt;
}

// An entry is the value itself, or for numbers also a range: "1..5", "..3", "7..".
bool is_listed(const PropertyType& type, std::string_view value, const std::string& entry) {
    if (entry == value) {
        return true;
    }
    if (!is_number(type)) {
        return false;
    }
    const std::size_t dots = entry.find("..");
    if (dots == std::string::npos) {
        return parsed<double>(value) == parsed<double>(entry);
    }
    const std::string_view text = entry;
    return !range_fault(value, parsed<double>(text.substr(0, dots)),
                        parsed<double>(text.substr(dots + 2)));
}

Fault choice_fault(const PropertyType& type, std::string_view value,
                   const std::vector<std::string>& choices) {
    constexpr std::size_t kChoicesShown = 8;
    const bool listed = choices.empty() ||
                        std::any_of(choices.begin(), choices.end(), [&](const std::string& entry) {
                            return is_listed(type, value, entry);
                        });
    if (listed) {
        return std::nullopt;
    }
    const std::vector<std::string> shown(
        choices.begin(),
        choices.begin() + static_cast<std::ptrdiff_t>(std::min(choices.size(), kChoicesShown)));
    return fmt::format("is not one of {}{}", fmt::join(shown, ", "),
                       choices.size() > kChoicesShown ? " and others" : "");
}

std::optional<double> as_double(const std::optional<std::uint64_t>& value) {
    return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
}

}  // namespace

std::optional<std::string> find_value_fault(const Property& property, std::string_view value) {
    const auto type = parse_property_type(property.type);
    if (!type) {
        return std::nullopt;
    }
    const Qualifiers qualifiers = parse_qualifiers(property.qualifiers);
    const Qualifiers vendors = parse_qualifiers(property.vendor_qualifiers);
    const bool is_text = type->kind == Kind::string || type->kind == Kind::password;
    value = is_text ? value : xml::trimmed(value);
    if (Fault fault = type_fault(*type, value)) {
        return fault;
    }
    const bool number = is_number(*type);
    const auto own = number ? range_fault(value, type->minimum, type->maximum)
                            : length_fault(value, type->minimum, type->maximum);
    if (own) {
        return own;
    }
    if (Fault fault = number ? range_fault(value, qualifiers.min_value, qualifiers.max_value)
                             : length_fault(value, as_double(qualifiers.min_length),
                                            as_double(qualifiers.max_length))) {
        return fault;
    }
    for (const auto* choices : {&type->choices, &qualifiers.value_map}) {
        if (Fault fault = choice_fault(*type, value, *choices)) {
            return fault;
        }
    }
    // Left empty, an address is assigned at deployment.
    if ((qualifiers.is_ip || vendors.is_ip) && !value.empty() && !is_ip_address(value)) {
        return "is not an IP address";
    }
    return std::nullopt;
}

}  // namespace ovfkit
