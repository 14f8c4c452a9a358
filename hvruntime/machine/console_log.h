// SPDX-License-Identifier: Apache-2.0
// Reading what a machine wrote to its serial console. The text comes from a guest and is not
// trusted: shown on a terminal it must not move the cursor or change titles.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace hvruntime {

struct ConsoleLogOptions {
    std::optional<std::size_t> last_lines;  // unset: all that is kept
    bool follow = false;                    // go on until base::interrupt() is raised
    bool raw = false;                       // lines as the guest wrote them
};

// Calls on_line for each line, without its end. A machine that has not been started has no log: no
// lines. Throws Error(interrupted) when following ends.
void read_console_log(const std::filesystem::path& path, const ConsoleLogOptions& options,
                      const std::function<void(std::string_view)>& on_line);

// Without escape sequences and control characters other than tabs; the last of several texts that
// overwrite each other by carriage returns.
std::string clean_console_line(std::string_view line);

}  // namespace hvruntime
