// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/edit/text_diff.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include <fmt/format.h>

namespace ovfkit::edit {

namespace {

using Lines = std::vector<std::string_view>;

constexpr std::size_t kContext = 3;
constexpr std::size_t kMaxCells = std::size_t{16} << 20U;  // of the table: 32 MiB

struct Line {
    char mark;  // ' ', '-', '+'
    std::string_view text;
};

Lines lines_of(std::string_view text) {
    Lines lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::size_t length = end == std::string_view::npos ? text.size() : end + 1;
        lines.push_back(text.substr(0, length));
        text.remove_prefix(length);
    }
    return lines;
}

// The longest common subsequence of what is between the equal ends.
void append_middle(std::vector<Line>& out, const Lines& before, const Lines& after) {
    const std::size_t rows = before.size();
    const std::size_t columns = after.size();
    if ((rows + 1) * (columns + 1) > kMaxCells || rows > UINT16_MAX || columns > UINT16_MAX) {
        for (const std::string_view line : before) {
            out.push_back({'-', line});
        }
        for (const std::string_view line : after) {
            out.push_back({'+', line});
        }
        return;
    }
    const std::size_t width = columns + 1;
    std::vector<std::uint16_t> common((rows + 1) * width);
    for (std::size_t i = rows; i-- > 0;) {
        for (std::size_t j = columns; j-- > 0;) {
            common[i * width + j] =
                before[i] == after[j]
                    ? static_cast<std::uint16_t>(common[(i + 1) * width + j + 1] + 1)
                    : std::max(common[(i + 1) * width + j], common[i * width + j + 1]);
        }
    }
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < rows || j < columns) {
        if (i < rows && j < columns && before[i] == after[j]) {
            out.push_back({' ', before[i++]});
            ++j;
        } else if (i < rows &&
                   (j == columns || common[(i + 1) * width + j] >= common[i * width + j + 1])) {
            out.push_back({'-', before[i++]});
        } else {
            out.push_back({'+', after[j++]});
        }
    }
}

std::vector<Line> compare(const Lines& before, const Lines& after) {
    std::size_t head = 0;
    const std::size_t shorter = std::min(before.size(), after.size());
    while (head < shorter && before[head] == after[head]) {
        ++head;
    }
    std::size_t tail = 0;
    while (tail < shorter - head &&
           before[before.size() - 1 - tail] == after[after.size() - 1 - tail]) {
        ++tail;
    }
    const auto slice = [&](const Lines& lines) {
        return Lines(lines.begin() + static_cast<std::ptrdiff_t>(head),
                     lines.end() - static_cast<std::ptrdiff_t>(tail));
    };
    std::vector<Line> all;
    for (std::size_t i = 0; i < head; ++i) {
        all.push_back({' ', before[i]});
    }
    append_middle(all, slice(before), slice(after));
    for (std::size_t i = before.size() - tail; i < before.size(); ++i) {
        all.push_back({' ', before[i]});
    }
    return all;
}

struct Hunk {
    std::size_t first;
    std::size_t end;
};

std::vector<Hunk> hunks_of(const std::vector<Line>& lines) {
    std::vector<Hunk> hunks;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (lines[i].mark == ' ') {
            continue;
        }
        const std::size_t first = i - std::min(i, kContext);
        const std::size_t end = std::min(lines.size(), i + kContext + 1);
        if (!hunks.empty() && first <= hunks.back().end) {
            hunks.back().end = end;
        } else {
            hunks.push_back({first, end});
        }
    }
    return hunks;
}

}  // namespace

std::string unified_diff(std::string_view before, std::string_view after, std::string_view name) {
    if (before == after) {
        return "";
    }
    const Lines old_lines = lines_of(before);
    const Lines new_lines = lines_of(after);
    const std::vector<Line> lines = compare(old_lines, new_lines);
    std::string out = fmt::format("--- a/{}\n+++ b/{}\n", name, name);
    std::size_t at = 0;
    std::size_t old_line = 1;
    std::size_t new_line = 1;
    for (const Hunk& hunk : hunks_of(lines)) {
        for (; at < hunk.first; ++at) {
            ++old_line;
            ++new_line;
        }
        std::size_t old_count = 0;
        std::size_t new_count = 0;
        std::string body;
        for (; at < hunk.end; ++at) {
            old_count += lines[at].mark != '+' ? 1U : 0U;
            new_count += lines[at].mark != '-' ? 1U : 0U;
            body += lines[at].mark;
            body += lines[at].text;
            if (!lines[at].text.ends_with('\n')) {
                body += "\n\\ No newline at end of file\n";
            }
        }
        out += fmt::format("@@ -{},{} +{},{} @@\n{}", old_count == 0 ? old_line - 1 : old_line,
                           old_count, new_count == 0 ? new_line - 1 : new_line, new_count, body);
        old_line += old_count;
        new_line += new_count;
    }
    return out;
}

}  // namespace ovfkit::edit
