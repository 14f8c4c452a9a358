// SPDX-License-Identifier: Apache-2.0
// Is a block all zeros? Runs at memory speed and stops at the first block of 256 bytes that is not.
#pragma once

#include <cstddef>
#include <span>

namespace ovfkit {

bool is_all_zero(std::span<const std::byte> bytes);

}  // namespace ovfkit
