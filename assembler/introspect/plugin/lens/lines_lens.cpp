// SPDX-License-Identifier: Apache-2.0
// Lines by patterns: a pattern is literal text with {fields}; a blank in it stands for any number
// of blanks, a field for what stands before the literal that follows it. No regular expressions:
// every pattern is tried once at a line, in time proportional to it.
#include <algorithm>

#include "assembler/introspect/plugin/lens/lens_output.h"

namespace assembler::plugin {

namespace {

constexpr std::size_t kMaxLine = 4096;  // what follows is not looked at

struct PatternPart {
    std::string literal;  // before the field
    std::string field;    // empty: the end of the pattern
};

std::vector<PatternPart> split_pattern(std::string_view pattern) {
    std::vector<PatternPart> parts;
    while (true) {
        const std::size_t open = pattern.find('{');
        const std::size_t close = open == std::string_view::npos ? open : pattern.find('}', open);
        if (close == std::string_view::npos) {
            const bool only_blank = pattern == " ";
            parts.push_back({only_blank ? "" : std::string(pattern), ""});
            return parts;
        }
        parts.push_back({std::string(pattern.substr(0, open)),
                         std::string(pattern.substr(open + 1, close - open - 1))});
        pattern.remove_prefix(close + 1);
    }
}

// Where `literal` ends when it stands at `at`.
std::optional<std::size_t> match_literal(std::string_view text, std::size_t at, std::size_t end,
                                         std::string_view literal) {
    for (const char c : literal) {
        if (c == ' ') {
            at = skip_blanks(text, at, end);
        } else if (at < end && text[at] == c) {
            ++at;
        } else {
            return std::nullopt;
        }
    }
    return at;
}

using Fields = std::vector<std::pair<std::string, TracedText>>;

// The field before `part`: where it ends and where what follows `part` begins.
std::optional<std::pair<std::size_t, std::size_t>> find_part(std::string_view text, std::size_t at,
                                                             std::size_t end,
                                                             const PatternPart& part) {
    if (part.literal.empty() && part.field.empty()) {  // to the end of the line
        return std::pair(end, end);
    }
    if (part.literal == " ") {
        const std::size_t blank =
            part.field.empty() ? end : std::min(text.find_first_of(" \t\n", at), end);
        return std::pair(blank, skip_blanks(text, blank, end));
    }
    for (std::size_t begin = at; begin < end; ++begin) {
        // Within a run of blanks nothing new can fit.
        const bool again = part.literal[0] == ' ' && begin > at && is_blank(text[begin - 1]);
        const auto behind = again ? std::nullopt : match_literal(text, begin, end, part.literal);
        if (behind) {
            return std::pair(begin, *behind);
        }
    }
    return std::nullopt;
}

std::optional<Fields> find_fields(const LensOutput& out, const std::vector<PatternPart>& pattern,
                                  std::size_t at, std::size_t end) {
    Fields fields;
    const auto begin = match_literal(out.text(), at, end, pattern[0].literal);
    if (!begin) {
        return std::nullopt;
    }
    at = *begin;
    for (std::size_t i = 1; i < pattern.size(); ++i) {
        const auto found = find_part(out.text(), at, end, pattern[i]);
        if (!found) {
            return std::nullopt;
        }
        fields.emplace_back(pattern[i - 1].field, out.part(at, found->first).trimmed());
        at = found->second;
    }
    return fields;
}

void add_line(LensOutput& out, std::string name, const Fields& fields, std::size_t at) {
    for (const auto& [field, value] : fields) {
        name = field == "key" ? value.text() : name;
    }
    const NodeId node = out.add(out.under(), name, at);
    for (const auto& [field, value] : fields) {
        if (field == "value") {
            out.add_value(node, value);
        }
        out.add_value(out.add(node, field, at), value);
    }
}

}  // namespace

// A node for each line and pattern that fits: its name is field "key" or the number of the
// pattern, its fields are nodes below it, "value" is its value as well.
void read_lines(LensOutput& out) {
    const std::string_view text = out.text();
    std::vector<std::vector<PatternPart>> patterns;
    for (const std::string& pattern : out.options().line_patterns) {
        patterns.push_back(split_pattern(pattern));
    }
    for (std::size_t at = 0; at < text.size(); at = line_end(text, at) + 1) {
        const std::size_t end = std::min(line_end(text, at), at + kMaxLine);
        const std::size_t begin = skip_blanks(text, at, end);
        for (std::size_t i = 0; i < patterns.size(); ++i) {
            if (const auto fields = find_fields(out, patterns[i], begin, end)) {
                add_line(out, std::to_string(i + 1), *fields, begin);
            }
        }
    }
}

void read_list(LensOutput& out) {
    constexpr std::string_view kBetween = ",; \t\r\n";
    const std::string_view text = out.text();
    for (std::size_t at = text.find_first_not_of(kBetween); at < text.size();
         at = text.find_first_not_of(kBetween, at)) {
        const std::size_t end = std::min(text.find_first_of(kBetween, at), text.size());
        out.add_value(out.add(out.under(), "-", at), out.part(at, end));
        at = end;
    }
}

void read_numbered(LensOutput& out) {
    int number = 0;
    for (std::size_t at = 0; at < out.text().size(); at = line_end(out.text(), at) + 1) {
        const NodeId node = out.add(out.under(), "line" + std::to_string(++number), at);
        out.add_value(node, out.part(at, line_end(out.text(), at)).trimmed());
    }
}

}  // namespace assembler::plugin
