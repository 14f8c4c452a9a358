// SPDX-License-Identifier: Apache-2.0
// Texts of configuration as lines, words, keys and values, with their places. Everything is
// bounded: a file has at most kMaxLines lines, the rest is not looked at. Pure functions; views
// point into the text that was given.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assembler::introspect {

inline constexpr int kMaxLines = 200000;

struct Line {
    std::string_view text;  // without its end
    int number = 0;
};
std::vector<Line> lines_of(std::string_view text);
// Those that say something: without comments ('#' first) and empty ones, and trimmed.
std::vector<Line> statements_of(std::string_view text);

std::string_view trimmed(std::string_view text);
std::vector<std::string_view> words_of(std::string_view text);  // between blanks and tabs
std::vector<std::string_view> split(std::string_view text, char separator);
// Without the quotes around it, if there is a pair.
std::string_view unquoted(std::string_view text);
// Quotes and backslashes as a shell takes them, without any expansion.
std::vector<std::string> shell_words(std::string_view text);
std::optional<std::uint32_t> find_number(std::string_view text);  // digits alone

// "[section]" and "key=value" as systemd, NetworkManager and others write them. A value that ends
// in a backslash goes on in the next line; the lines are joined by a blank.
struct IniEntry {
    std::string section;
    std::string key;
    std::string value;
    int line = 0;
    int column = 0;  // of the value, 1-based; 0: it is of several lines
};
std::vector<IniEntry> parse_ini(std::string_view text);

// "a.conf" with "*.conf": '*' stands for anything but '/', "**" for anything.
bool matches_pattern(std::string_view path, std::string_view pattern);

// Whether version a is older than b: numbers as numbers, the rest as text.
bool is_older(std::string_view a, std::string_view b);

}  // namespace assembler::introspect
