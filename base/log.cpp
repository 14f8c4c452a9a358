// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <atomic>
#include <chrono>

#include <fmt/chrono.h>
#include <unistd.h>

#include "base/printable.h"

namespace base {

namespace {

std::atomic<LogLevel> current_level{LogLevel::warn};
std::atomic<bool> with_timestamps{false};

std::string_view name_of(LogLevel level) {
    switch (level) {
        case LogLevel::error: return "error";
        case LogLevel::warn: return "warning";
        case LogLevel::info: return "info";
        case LogLevel::debug: return "debug";
    }
    return "?";
}

}  // namespace

void set_log_level(LogLevel level) {
    current_level = level;
}
LogLevel log_level() {
    return current_level;
}
void set_log_timestamps(bool on) {
    with_timestamps = on;
}

void write_log(LogLevel level, std::string_view module, std::string_view text) {
    std::string line;
    if (with_timestamps) {
        const auto now = std::chrono::system_clock::now();
        line = fmt::format("{:%Y-%m-%dT%H:%M:%S}Z ",
                           fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
    }
    // A stranger's text begins no line of its own.
    std::string safe = printable(text);
    for (std::size_t at = safe.find('\n'); at != std::string::npos; at = safe.find('\n', at + 1)) {
        safe.insert(at + 1, "  ");
    }
    line += fmt::format("muster: {}: {}: {}\n", name_of(level), module, safe);
    // A log line that cannot be written has nowhere else to go.
    [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace base
