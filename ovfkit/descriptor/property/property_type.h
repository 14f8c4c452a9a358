// SPDX-License-Identifier: Apache-2.0
// The type of a property: DSP0243 1.1 9.5.1 table 5 ("uint8", "string", "real32"), and what
// VMware's products write besides ("int", "password", "ip:Network 1", "string(1..15)",
// "int(0..100)", "string["a", "b"]", "expression").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ovfkit {

struct PropertyType {
    enum class Kind { unsigned_integer, signed_integer, real, boolean, string, password, ip };
    Kind kind = Kind::string;
    int bits = 64;  // of numbers
    // Of the value, or of its length when it is a text.
    std::optional<double> minimum;
    std::optional<double> maximum;
    std::vector<std::string> choices;  // empty: any

    bool operator==(const PropertyType&) const = default;
};

// Nothing when the type is not known.
std::optional<PropertyType> parse_property_type(std::string_view text);

}  // namespace ovfkit
