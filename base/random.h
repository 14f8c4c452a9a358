// SPDX-License-Identifier: Apache-2.0
// Randomness from the kernel. Thread-safe.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace base {

void random_bytes(std::span<std::byte> out);
std::string random_hex(std::size_t digits);
// Letters and digits without the look-alikes 0 O 1 l I: for passwords that a person may have to
// type.
std::string random_password(std::size_t length);
// RFC 9562 version 4.
std::string random_uuid();

}  // namespace base
