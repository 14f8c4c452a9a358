// SPDX-License-Identifier: Apache-2.0
// One 512-byte tar header block: bytes to fields and back. POSIX.1-2017 "ustar Interchange
// Format"; base-256 numbers as in the GNU tar manual. Pure functions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ovfkit {

constexpr std::size_t kTarBlock = 512;
using TarBlock = std::array<std::byte, kTarBlock>;

struct TarHeader {
    enum class Dialect { v7, ustar, gnu };

    std::string name;  // prefix joined, not yet checked
    std::uint64_t size = 0;
    char type = '0';  // NUL of old archives becomes '0'
    Dialect dialect = Dialect::ustar;
    bool binary_size = false;  // base-256
    bool blank_owner = false;  // a blank in the name of the user or group
};

bool is_zero_block(std::span<const std::byte> block);
bool checksum_fits(std::span<const std::byte> block);
// After checksum_fits(). Throws invalid_input for a size that is negative, no number or beyond 63
// bits; `archive` is for the message.
TarHeader parse_tar_header(std::span<const std::byte> block, std::string_view archive);

// Throws invalid_input for a name that does not fit into ustar's fields.
TarBlock make_tar_header(std::string_view name, std::uint64_t size, std::uint64_t mtime,
                         char type = '0');

// One such record; make_pax_record("path", "x") gives "9 path=x\n".
std::string make_pax_record(std::string_view key, std::string_view value);
// Records "25 path=…\n" of a pax header. Throws invalid_input for a malformed or repeated one.
std::map<std::string, std::string> parse_pax_records(std::string_view data,
                                                     std::string_view archive);
// A decimal number of at most 63 bits, nothing around it.
std::optional<std::uint64_t> parse_decimal(std::string_view text);

// What a file that is no tar archive seems to be, and what to do: for a helpful message.
struct ForeignFormat {
    std::string what;
    std::string remedy;
};
std::optional<ForeignFormat> recognise_foreign(std::span<const std::byte> block);

}  // namespace ovfkit
