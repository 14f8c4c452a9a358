// SPDX-License-Identifier: Apache-2.0
// NAME=value: env reads the value up to the end of the line, as systemd, Docker and dotenv do;
// shell reads assignments as a shell would, and other lines as a node "!" with their first word. A
// command line is options and words; Java's properties have escapes of their own.
#include <algorithm>

#include "assembler/introspect/plugin/lens/lens_output.h"

namespace assembler::plugin {

namespace {

bool is_name(std::string_view text) {
    const auto good = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '.' || c == '-';
    };
    return !text.empty() && std::all_of(text.begin(), text.end(), good);
}

// Quotes at both ends off, escapes in "…" resolved.
TracedText unquoted(const TracedText& value) {
    const std::string& text = value.text();
    if (text.size() < 2 || (text[0] != '"' && text[0] != '\'')) {
        const std::size_t comment = text.find(" #");
        return value.part(0, comment).trimmed();
    }
    const char quote = text[0];
    TracedText inside;
    std::size_t begin = 1;
    for (std::size_t at = 1; at < text.size(); ++at) {
        if (text[at] == quote) {
            inside.append(value, begin, at - begin);
            return inside;
        }
        if (quote == '"' && text[at] == '\\' && at + 1 < text.size()) {
            inside.append(value, begin, at - begin);
            begin = ++at;
        }
    }
    return value;  // no closing quote: as it is
}

std::string_view without_export(std::string_view line) {
    constexpr std::string_view kExport = "export ";
    if (line.starts_with(kExport)) {
        line.remove_prefix(kExport.size());
        line.remove_prefix(skip_blanks(line, 0, line.size()));
    }
    return line;
}

}  // namespace

void read_env(LensOutput& out) {
    const std::string_view text = out.text();
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t offset = skip_blanks(text, at, line_end(text, at));
        const TracedText line = read_continued_line(out, at).trimmed();
        const std::string& whole = line.text();
        if (line.empty() || whole[0] == '#' || whole[0] == ';') {
            continue;
        }
        const std::size_t skipped = whole.size() - without_export(whole).size();
        const std::size_t equals = whole.find('=', skipped);
        const TracedText name = line.part(skipped, equals - skipped).trimmed();
        if (equals == std::string::npos || !is_name(name.text())) {
            out.add_problem(offset, "neither a comment nor NAME=value");
            continue;
        }
        const NodeId node = out.add(out.under(), name.text(), offset);
        out.add_value(node, unquoted(line.part(equals + 1, whole.size()).trimmed()));
    }
}

void read_shell(LensOutput& out) {
    const std::string_view text = out.text();
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t offset = skip_blanks(text, at, line_end(text, at));
        const TracedText line = read_continued_line(out, at).trimmed();
        const std::string& whole = line.text();
        if (line.empty() || whole[0] == '#') {
            continue;
        }
        ConfigTree none;
        std::vector<LensProblem> problems;
        const LensOutput words(out.options(), line, none, ConfigTree::kRoot, problems);
        std::size_t within = whole.size() - without_export(whole).size();
        bool assigned = false;
        while (within < whole.size() && whole[within] != '#' && whole[within] != ';') {
            const std::size_t begin = within;
            const std::size_t equals = whole.find('=', begin);
            const bool assigns = equals != std::string::npos &&
                                 is_name(std::string_view(whole).substr(begin, equals - begin));
            if (!assigns) {
                break;
            }
            within = equals + 1;
            TracedText value = read_word(words, within, whole.size());
            const std::size_t end = value.text().find(';');
            out.add_value(out.add(out.under(), whole.substr(begin, equals - begin), offset),
                          value.part(0, end));
            within = skip_blanks(whole, within, whole.size());
            assigned = true;
        }
        if (!assigned) {  // "exec java -jar app.jar"
            const std::size_t end = std::min(whole.find_first_of(" \t"), whole.size());
            out.add_value(out.add(out.under(), "!" + whole.substr(0, end), offset),
                          line.part(end, whole.size()).trimmed());
        }
    }
}

// "--bind=0.0.0.0:80" and "--bind 0.0.0.0:80" are a node "--bind" with the value; "-Dkey=value" is
// "-Dkey"; every word that is no option is a node "word" too, since which options take a value is
// not known here.
void read_command(LensOutput& out) {
    const std::string_view text = out.text();
    std::optional<NodeId> option;  // that may take the next word
    constexpr std::size_t kMaxWords = 4096;
    std::size_t count = 0;
    for (std::size_t at = 0; at < text.size() && count < kMaxWords; ++count) {
        while (at < text.size() && is_space(text[at])) {
            ++at;
        }
        const std::size_t begin = at;
        const TracedText word = read_word(out, at, text.size());
        if (at == begin) {
            break;
        }
        const std::string& written = word.text();
        const bool is_option = written.size() > 1 && written[0] == '-' && written != "--";
        if (!is_option) {
            out.add_value(out.add(out.under(), "word", begin), word);
            if (option) {
                out.add_value(*option, word);
                option.reset();
            }
            continue;
        }
        const std::size_t equals = written.find('=');
        const NodeId node = out.add(out.under(), written.substr(0, equals), begin);
        option.reset();
        if (equals != std::string::npos) {
            out.add_value(node, word.part(equals + 1, written.size()));
        } else {
            option = node;
        }
    }
}

namespace {

// The node of a key; with `nest`, "a.b" is a node "b" below "a".
NodeId add_key(LensOutput& out, std::string_view key, std::size_t offset) {
    NodeId parent = out.under();
    while (out.options().nest) {
        const std::size_t dot = key.find('.');
        if (dot == std::string_view::npos || dot == 0 || dot + 1 == key.size()) {
            break;
        }
        const std::string_view name = key.substr(0, dot);
        const auto there = out.tree().find_child(parent, name);
        parent = there ? *there : out.add(parent, name, offset);
        key.remove_prefix(dot + 1);
    }
    return out.add(parent, key, offset);
}

}  // namespace

void read_properties(LensOutput& out) {
    const std::string_view text = out.text();
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t offset = skip_blanks(text, at, line_end(text, at));
        const bool comment = offset < text.size() && (text[offset] == '#' || text[offset] == '!');
        if (comment) {
            at = std::min(line_end(text, offset) + 1, text.size());
            continue;
        }
        const TracedText line = read_continued_line(out, at).trimmed();
        const std::string& whole = line.text();
        std::size_t end = 0;  // of the key
        while (end < whole.size() && whole[end] != '=' && whole[end] != ':' &&
               !is_blank(whole[end])) {
            end += whole[end] == '\\' ? 2U : 1U;
        }
        end = std::min(end, whole.size());
        if (end == 0) {
            continue;
        }
        std::string key = whole.substr(0, end);
        key.erase(std::remove(key.begin(), key.end(), '\\'), key.end());
        std::size_t begin = skip_blanks(whole, end, whole.size());
        if (begin < whole.size() && (whole[begin] == '=' || whole[begin] == ':')) {
            begin = skip_blanks(whole, begin + 1, whole.size());
        }
        TracedText value;
        for (std::size_t i = begin; i < whole.size(); ++i) {
            if (whole[i] == '\\' && i + 1 < whole.size()) {  // "\:" is ":"
                value.append(line, begin, i - begin);
                begin = ++i;
            }
        }
        value.append(line, begin, whole.size() - begin);
        out.add_value(add_key(out, key, offset), value);
    }
}

}  // namespace assembler::plugin
