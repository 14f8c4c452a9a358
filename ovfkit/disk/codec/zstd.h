// SPDX-License-Identifier: Apache-2.0
// Whole blocks out of zstd, the only file that knows it.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace ovfkit {

// Fills `out` as far as the frames in `in` go and stops there (qcow2 pads to sectors). Returns the
// bytes made; nullopt when the input is damaged. Thread-safe.
std::optional<std::size_t> zstd_decompress(std::span<const std::byte> in, std::span<std::byte> out);

}  // namespace ovfkit
