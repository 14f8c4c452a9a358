// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/disk/efi/fat_name.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <span>

#include <fmt/format.h>

#include "base/error.h"
#include "ovfkit/disk/byte_order.h"

namespace imagebuilder {

namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t kBaseLength = 8;
constexpr std::size_t kExtensionLength = 3;
constexpr std::size_t kMaxLongName = 255;
constexpr std::size_t kUnitsPerEntry = 13;
constexpr std::string_view kReserved = "\"*/:<>?\\|";
constexpr std::string_view kNotInShort = " +,;=[].";

void check_fat_name(std::string_view name) {
    const auto fits = [](char c) {
        return c >= ' ' && c <= '~' && kReserved.find(c) == kReserved.npos;
    };
    if (name.empty() || name.size() > kMaxLongName || name == "." || name == ".." ||
        name.back() == ' ' || name.back() == '.' || !std::all_of(name.begin(), name.end(), fits)) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("'{}' cannot be a name on an EFI system partition", name));
    }
}

std::string upper(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return result;
}

std::string padded(std::string base, std::string extension) {
    base.resize(kBaseLength, ' ');
    extension.resize(kExtensionLength, ' ');
    return base + extension;
}

struct Split {
    std::string base;
    std::string extension;
};

Split split_at_last_dot(const std::string& name) {
    const std::size_t dot = name.rfind('.');
    return dot == std::string::npos || dot == 0 ? Split{name, ""}
                                                : Split{name.substr(0, dot), name.substr(dot + 1)};
}

// What of a part of a name a short name takes.
std::string shortened(const std::string& part, std::size_t length) {
    std::string result;
    for (const char c : part) {
        if (c != ' ' && c != '.') {
            result += kNotInShort.find(c) == std::string_view::npos ? c : '_';
        }
    }
    return result.substr(0, length);
}

// "VMLINU~1": the first number that nobody has.
std::string numbered(const Split& name, const std::set<std::string>& taken) {
    const std::string extension = shortened(name.extension, kExtensionLength);
    for (int number = 1;; ++number) {
        const std::string tail = fmt::format("~{}", number);
        const std::string base = shortened(name.base, kBaseLength - tail.size());
        std::string candidate = padded(base + tail, extension);
        if (!taken.contains(candidate)) {
            return candidate;
        }
    }
}

std::uint8_t checksum_of(const std::string& short_name) {
    std::uint8_t sum = 0;
    for (const char c : short_name) {
        sum = static_cast<std::uint8_t>((sum << 7U | sum >> 1U) + static_cast<std::uint8_t>(c));
    }
    return sum;
}

}  // namespace

FatName make_fat_name(std::string_view name, std::set<std::string>& taken) {
    check_fat_name(name);
    const std::string capitals = upper(name);
    const Split parts = split_at_last_dot(capitals);
    const bool is_short = parts.base.size() <= kBaseLength &&
                          parts.extension.size() <= kExtensionLength &&
                          shortened(parts.base, kBaseLength) == parts.base &&
                          shortened(parts.extension, kExtensionLength) == parts.extension;
    FatName result;
    result.short_name = padded(parts.base, parts.extension);
    if (!is_short || taken.contains(result.short_name)) {
        result.short_name = numbered(parts, taken);
        result.long_name = name;
    } else if (capitals != name) {
        result.long_name = name;
    }
    // Long names count too; with a '/' in front they are no short ones.
    taken.insert(result.short_name);
    if (!taken.insert("/" + capitals).second) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("'{}' is twice in a folder of the EFI system partition", name));
    }
    return result;
}

std::size_t count_entries(const FatName& name) {
    return 1 + (name.long_name.size() + kUnitsPerEntry - 1) / kUnitsPerEntry;
}

std::vector<std::byte> long_name_entries(const FatName& name) {
    constexpr std::array<std::size_t, kUnitsPerEntry> kPlaces{1,  3,  5,  7,  9,  14, 16,
                                                              18, 20, 22, 24, 28, 30};
    constexpr std::uint8_t kLastMark = 0x40;
    constexpr std::uint8_t kLongNameAttribute = 0x0f;
    const std::size_t count = count_entries(name) - 1;
    std::vector<std::byte> bytes(count * kFatEntryBytes);
    for (std::size_t i = 0; i < count; ++i) {
        // The last part of the name comes first.
        const std::size_t part = count - 1 - i;
        const auto entry = std::span(bytes).subspan(i * kFatEntryBytes, kFatEntryBytes);
        ovfkit::store_le(entry, 0,
                         static_cast<std::uint8_t>((part + 1) | (i == 0 ? kLastMark : 0U)));
        ovfkit::store_le(entry, 11, kLongNameAttribute);
        ovfkit::store_le(entry, 13, checksum_of(name.short_name));
        for (std::size_t unit = 0; unit < kUnitsPerEntry; ++unit) {
            const std::size_t at = part * kUnitsPerEntry + unit;
            // A zero ends the name, the rest is filled up.
            const auto value = static_cast<std::uint16_t>(
                at < name.long_name.size()    ? static_cast<std::uint8_t>(name.long_name[at])
                : at == name.long_name.size() ? 0U
                                              : 0xffffU);
            ovfkit::store_le(entry, kPlaces.at(unit), value);
        }
    }
    return bytes;
}

}  // namespace imagebuilder
