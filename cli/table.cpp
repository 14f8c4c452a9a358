// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <algorithm>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/cli/io.h"

namespace cli {

namespace {

std::string cell_text(const std::string& cell) {
    std::string text = base::cli::printable(cell);
    std::replace(text.begin(), text.end(), '\n', ' ');
    std::replace(text.begin(), text.end(), '\t', ' ');
    return text;
}

// Characters, not bytes: all but the continuation bytes of UTF-8.
std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
    }));
}

}  // namespace

void Table::print(std::ostream& out) const {
    std::vector<std::size_t> widths(rows_.front().size(), 0);
    for (const auto& row : rows_) {
        for (std::size_t i = 0; i < widths.size(); ++i) {
            widths[i] = std::max(widths[i], width_of(cell_text(row.at(i))));
        }
    }
    for (const auto& row : rows_) {
        std::string line;
        for (std::size_t i = 0; i < widths.size(); ++i) {
            const std::string text = cell_text(row.at(i));
            line += text + std::string(widths[i] - width_of(text) + 2, ' ');
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out << line << '\n';
    }
}

std::string format_seconds(double seconds) {
    constexpr double kMinute = 60;
    constexpr double kHour = 60 * kMinute;
    constexpr double kDay = 24 * kHour;
    if (seconds < 10) {
        return fmt::format("{:.1f} s", std::max(seconds, 0.0));
    }
    if (seconds < 2 * kMinute) {
        return fmt::format("{:.0f} s", seconds);
    }
    if (seconds < 2 * kHour) {
        return fmt::format("{:.0f} min", seconds / kMinute);
    }
    if (seconds < 2 * kDay) {
        return fmt::format("{:.0f} h", seconds / kHour);
    }
    return fmt::format("{:.0f} d", seconds / kDay);
}

std::string format_time_ms(std::int64_t since_1970_ms) {
    if (since_1970_ms == 0) {
        return "-";
    }
    const std::time_t seconds = since_1970_ms / 1000;
    std::tm local{};
    ::localtime_r(&seconds, &local);
    return fmt::format("{:%Y-%m-%d %H:%M:%S}", local);
}

}  // namespace cli
