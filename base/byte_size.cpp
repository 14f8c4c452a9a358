// SPDX-License-Identifier: Apache-2.0
#include "base/byte_size.h"

#include <array>
#include <charconv>
#include <limits>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"

namespace base {

namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

constexpr std::array<Unit, 18> kSizes{{{"", 1},
                                       {"B", 1},
                                       {"K", kKiB},
                                       {"k", kKiB},
                                       {"KiB", kKiB},
                                       {"kB", 1000},
                                       {"KB", 1000},
                                       {"M", kMiB},
                                       {"MiB", kMiB},
                                       {"MB", 1000000},
                                       {"G", kGiB},
                                       {"GiB", kGiB},
                                       {"GB", 1000000000},
                                       {"T", 1024 * kGiB},
                                       {"TiB", 1024 * kGiB},
                                       {"TB", 1000000000000},
                                       {"byte", 1},
                                       {"bytes", 1}}};

constexpr std::array<Unit, 8> kDurations{{{"ms", 1},
                                          {"s", 1000},
                                          {"", 1000},
                                          {"min", 60000},
                                          {"m", 60000},
                                          {"h", 3600000},
                                          {"d", 86400000},
                                          {"w", 604800000}}};

std::uint64_t parse_amount(std::string_view text, std::span<const Unit> units,
                           std::string_view what, std::string_view examples) {
    const auto fail = [&] {
        throw Error(ErrorKind::invalid_input, fmt::format("'{}' is not a {}", text, what),
                    fmt::format("write it like {}", examples));
    };
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) {
        fail();
    }
    std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
    while (unit.starts_with(' ')) {
        unit.remove_prefix(1);
    }
    for (const Unit& candidate : units) {
        if (candidate.name == unit) {
            if (number > std::numeric_limits<std::int64_t>::max() / candidate.factor) {
                fail();
            }
            return number * candidate.factor;
        }
    }
    fail();
    return 0;
}

}  // namespace

std::uint64_t parse_byte_size(std::string_view text) {
    return parse_amount(text, kSizes, "size", "512 MiB or 2 GiB");
}

std::uint64_t parse_duration_ms(std::string_view text) {
    return parse_amount(text, kDurations, "duration", "90 s, 5 min or 30 d");
}

std::string format_byte_size(std::uint64_t bytes) {
    constexpr std::array<std::string_view, 5> kNames{"B", "KiB", "MiB", "GiB", "TiB"};
    auto value = static_cast<double>(bytes);
    std::size_t index = 0;
    while (value >= 1024 && index + 1 < kNames.size()) {
        value /= 1024;
        ++index;
    }
    const bool whole =
        value >= 100 || value == static_cast<double>(static_cast<std::uint64_t>(value));
    return whole ? fmt::format("{:.0f} {}", value, kNames.at(index))
                 : fmt::format("{:.1f} {}", value, kNames.at(index));
}

}  // namespace base
