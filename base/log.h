// SPDX-License-Identifier: Apache-2.0
// Diagnostics to stderr. Thread-safe: a line is written with one write(2). stdout is for results
// only.
#pragma once

#include <string_view>

#include <fmt/format.h>

namespace base {

enum class LogLevel { error, warn, info, debug };

void set_log_level(LogLevel level);  // default warn
LogLevel log_level();
void set_log_timestamps(bool on);  // for the daemon's log file; default off
void write_log(LogLevel level, std::string_view module, std::string_view text);

template <typename... Args>
void log(LogLevel level, std::string_view module, fmt::format_string<Args...> format,
         Args&&... args) {
    if (level <= log_level()) {
        write_log(level, module, fmt::format(format, std::forward<Args>(args)...));
    }
}

}  // namespace base
