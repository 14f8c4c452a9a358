// SPDX-License-Identifier: Apache-2.0
// Untrusted text for people's eyes: the one place that decides what a terminal may be given. What
// a verb prints goes through it by itself when it goes to a terminal (base/cli/terminal_guard.h),
// and so do log lines and errors. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace base {

// Control characters, bytes that are no UTF-8 and marks that change the direction of writing
// become \xNN or \uNNNN. Line ends and tabs stay.
std::string printable(std::string_view text);
// The same on one line: line ends and tabs become blanks.
std::string printable_line(std::string_view text);

}  // namespace base
