// SPDX-License-Identifier: Apache-2.0
// The difference of two texts line by line, in the unified form that patch programs read.
#pragma once

#include <string>
#include <string_view>

namespace ovfkit::edit {

// Empty when the texts are equal. Made for texts that differ in few places: what lies between the
// first and the last difference is compared exactly up to a limit, and shown as replaced beyond it.
std::string unified_diff(std::string_view before, std::string_view after, std::string_view name);

}  // namespace ovfkit::edit
