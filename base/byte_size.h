// SPDX-License-Identifier: Apache-2.0
// Amounts of bytes as people write them: "512 MiB", "2G" (binary, as in mkosi and QEMU), "10 GB"
// (decimal), "4096".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace base {

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;
constexpr std::uint64_t kGiB = 1024 * kMiB;

// Throws invalid_input on anything else, on overflow and on negative numbers.
std::uint64_t parse_byte_size(std::string_view text);
std::string format_byte_size(std::uint64_t bytes);  // "1.5 GiB", "512 MiB", "17 B"

// "90 s", "5 min", "2 h", "30 d", "4 w", "500 ms", "45" (seconds). Returns milliseconds.
std::uint64_t parse_duration_ms(std::string_view text);

}  // namespace base
