// SPDX-License-Identifier: Apache-2.0
// The qualifiers of a property: which values its type allows. "MinLen(4),MaxLen(16)",
// "ValueMap{"small","large"}", "MinValue(1) MaxValue(65535)", and VMware's "Ip(network)".
// DSP0243 1.1 9.5.2, tables 6 and 7.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ovfkit {

struct Qualifiers {
    std::optional<std::uint64_t> min_length;
    std::optional<std::uint64_t> max_length;
    std::optional<double> min_value;
    std::optional<double> max_value;
    std::vector<std::string> value_map;  // empty: any value
    bool is_ip = false;
    std::string ip_network;            // Ip(network); may be empty
    std::vector<std::string> unknown;  // names, not judged
    std::string fault;                 // what could not be understood; empty: all was

    bool operator==(const Qualifiers&) const = default;
};

// Words with ( ) or { } behind them, with commas or white space between.
Qualifiers parse_qualifiers(std::string_view text);

}  // namespace ovfkit
