// SPDX-License-Identifier: Apache-2.0
// Allocation units as descriptors write them: DSP0004 annex C ("byte * 2^20") and what the field
// writes besides ("MegaBytes", "MB", "byte*1024*1024").
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ovfkit {

// How many bytes (or hertz) one unit is. An empty text is 1. Nothing when it is not understood or
// does not fit.
std::optional<std::uint64_t> unit_factor(std::string_view text);

// a * b, or nothing on overflow.
std::optional<std::uint64_t> multiply(std::uint64_t a, std::uint64_t b);

}  // namespace ovfkit
