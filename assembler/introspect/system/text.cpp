// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/system/text.h"

#include <algorithm>
#include <charconv>

namespace assembler::introspect {

namespace {

bool is_text_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

bool is_text_digit(char c) {
    return c >= '0' && c <= '9';
}

// The digits at the start of `text`, which is shortened by them, without leading zeros.
std::string_view take_digits(std::string_view& text) {
    std::size_t count = 0;
    while (count < text.size() && is_text_digit(text[count])) {
        ++count;
    }
    std::string_view digits = text.substr(0, count);
    text.remove_prefix(count);
    while (digits.size() > 1 && digits.front() == '0') {
        digits.remove_prefix(1);
    }
    return digits;
}

}  // namespace

std::vector<Line> lines_of(std::string_view text) {
    std::vector<Line> lines;
    for (int number = 1; !text.empty() && number <= kMaxLines; ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        lines.push_back({line, number});
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

std::vector<Line> statements_of(std::string_view text) {
    std::vector<Line> statements;
    for (const Line& line : lines_of(text)) {
        const std::string_view bare = trimmed(line.text);
        if (!bare.empty() && bare.front() != '#') {
            statements.push_back({bare, line.number});
        }
    }
    return statements;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_text_blank(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_text_blank(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    for (text = trimmed(text); !text.empty(); text = trimmed(text)) {
        const std::size_t end = std::min(text.find_first_of(" \t\r"), text.size());
        words.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return words;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (true) {
        const std::size_t end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) {
            return parts;
        }
        text.remove_prefix(end + 1);
    }
}

std::string_view unquoted(std::string_view text) {
    if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') &&
        text.back() == text.front()) {
        return text.substr(1, text.size() - 2);
    }
    return text;
}

std::vector<std::string> shell_words(std::string_view text) {
    std::vector<std::string> words;
    std::string word;
    bool in_word = false;
    char quote = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quote == 0 && (is_text_blank(c) || c == '\n')) {
            if (in_word) {
                words.push_back(std::move(word));
            }
            word.clear();
            in_word = false;
        } else if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
            word += text[++i];
            in_word = true;
        } else if (quote == 0 && (c == '"' || c == '\'')) {
            quote = c;
            in_word = true;
        } else if (quote != 0 && c == quote) {
            quote = 0;
        } else {
            word += c;
            in_word = true;
        }
    }
    if (in_word) {
        words.push_back(std::move(word));
    }
    return words;
}

std::optional<std::uint32_t> find_number(std::string_view text) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return number;
}

std::vector<IniEntry> parse_ini(std::string_view text) {
    std::vector<IniEntry> entries;
    std::string section;
    bool goes_on = false;
    for (const Line& line : lines_of(text)) {
        std::string_view bare = trimmed(line.text);
        const bool is_comment = !bare.empty() && (bare.front() == '#' || bare.front() == ';');
        if (is_comment || (bare.empty() && !goes_on)) {
            continue;
        }
        const bool more = bare.ends_with('\\');
        if (more) {
            bare = trimmed(bare.substr(0, bare.size() - 1));
        }
        if (goes_on) {
            IniEntry& entry = entries.back();
            entry.value += entry.value.empty() || bare.empty() ? "" : " ";
            entry.value += bare;
            entry.column = 0;
        } else if (bare.front() == '[' && bare.back() == ']') {
            section = bare.substr(1, bare.size() - 2);
            continue;
        } else if (const std::size_t equals = bare.find('='); equals != std::string_view::npos) {
            const std::string_view value = trimmed(bare.substr(equals + 1));
            entries.push_back({.section = section,
                               .key = std::string(trimmed(bare.substr(0, equals))),
                               .value = std::string(value),
                               .line = line.number,
                               .column = static_cast<int>(value.data() - line.text.data()) + 1});
        } else {
            continue;
        }
        goes_on = more;
    }
    return entries;
}

bool matches_pattern(std::string_view path, std::string_view pattern) {
    // Greedy; when it fails, the last "*" takes one more character, or the last "**" does where
    // that may not.
    struct WayBack {
        std::size_t in = std::string_view::npos;
        std::size_t at = 0;
    };
    WayBack star;
    WayBack deep;
    std::size_t at = 0;
    std::size_t in = 0;
    while (at < path.size()) {
        if (pattern.substr(in).starts_with("**")) {
            in += 2;
            deep = {in, at};
            star = {};
        } else if (in < pattern.size() && pattern[in] == '*') {
            star = {++in, at};
        } else if (in < pattern.size() && pattern[in] == path[at]) {
            ++in;
            ++at;
        } else if (star.in != std::string_view::npos && path[star.at] != '/') {
            in = star.in;
            at = ++star.at;
        } else if (deep.in != std::string_view::npos) {
            star = {};
            in = deep.in;
            at = ++deep.at;
        } else {
            return false;
        }
    }
    while (in < pattern.size() && pattern[in] == '*') {
        ++in;
    }
    return in == pattern.size();
}

bool is_older(std::string_view a, std::string_view b) {
    while (!a.empty() && !b.empty()) {
        if (is_text_digit(a.front()) && is_text_digit(b.front())) {
            const std::string_view first = take_digits(a);
            const std::string_view second = take_digits(b);
            if (first != second) {
                return first.size() != second.size() ? first.size() < second.size()
                                                     : first < second;
            }
        } else if (a.front() != b.front()) {
            return a.front() < b.front();
        } else {
            a.remove_prefix(1);
            b.remove_prefix(1);
        }
    }
    return a.size() < b.size();
}

}  // namespace assembler::introspect
