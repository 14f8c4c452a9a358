// SPDX-License-Identifier: Apache-2.0
// A machine's serial console: its socket on one side, a terminal (or any two fds) on the other. One
// client at a time: QEMU serves the next one when the first has gone.
#pragma once

#include <filesystem>

#include "base/fd.h"

namespace hvruntime {

constexpr char kConsoleEscape = 0x1d;  // Ctrl-]

enum class ConsoleEnd { escape, input_closed, machine_gone };

// Throws an environment error naming the socket when nobody listens there.
base::UniqueFd connect_console(const std::filesystem::path& socket);

// Relays until the escape character is read from `input`, `input` ends (what is still on its way
// from the machine is passed on), or the machine's side closes. Throws Error(interrupted) when
// base::interrupt() is raised. Borrows all fds.
ConsoleEnd relay_console(int socket, int input, int output);

}  // namespace hvruntime
