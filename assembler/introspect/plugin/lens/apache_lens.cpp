// SPDX-License-Identifier: Apache-2.0
// Apache httpd: a directive a line, lines continued by a backslash, sections in angle brackets.
// Names are not case sensitive: they are in lower case in the tree. Also words: lines of words
// without closing tags, in sections that a given word begins (HAProxy, Redis, sshd).
#include <algorithm>

#include "assembler/introspect/plugin/lens/lens_output.h"

namespace assembler::plugin {

namespace {

// The words of one line, read from its joined text.
std::vector<TracedText> words_of(const TracedText& line, const LensOptions& options,
                                 char comment_within) {
    ConfigTree none;
    std::vector<LensProblem> problems;
    const LensOutput out(options, line, none, ConfigTree::kRoot, problems);
    const std::string_view text = line.text();
    std::vector<TracedText> words;
    constexpr std::size_t kMaxWords = 512;
    for (std::size_t at = skip_blanks(text, 0, text.size());
         at < text.size() && words.size() < kMaxWords; at = skip_blanks(text, at, text.size())) {
        if (comment_within != '\0' && text[at] == comment_within) {
            break;
        }
        const std::size_t before = at;
        TracedText word = read_word(out, at, text.size());
        words.push_back(std::move(word));
        if (at == before) {
            ++at;  // cannot stand still
        }
    }
    return words;
}

void add_directive(LensOutput& out, NodeId parent, const std::vector<TracedText>& words,
                   std::size_t offset, std::vector<NodeId>* opened = nullptr) {
    const NodeId node = out.add(parent, words[0].text(), offset);
    for (std::size_t i = 1; i < words.size(); ++i) {
        out.add_value(node, words[i]);
    }
    if (opened != nullptr) {
        opened->push_back(node);
    }
}

// "<VirtualHost *:80>": without the brackets.
TracedText inside_brackets(const TracedText& line, std::size_t skipped) {
    const std::string& text = line.text();
    const std::size_t close = text.rfind('>');
    const std::size_t end = close == std::string::npos || close < skipped ? text.size() : close;
    return line.part(skipped, end - skipped);
}

}  // namespace

void read_apache(LensOutput& out) {
    const std::string_view text = out.text();
    std::vector<NodeId> open{out.under()};
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t offset = skip_blanks(text, at, text.size());
        if (offset < text.size() && text[offset] == '#') {
            at = std::min(line_end(text, offset) + 1, text.size());
            continue;
        }
        const TracedText line = read_continued_line(out, at).trimmed();
        if (line.empty()) {
            continue;
        }
        if (line.text().starts_with("</")) {
            if (open.size() == 1) {
                out.add_problem(offset, "a section is closed that was not opened");
            } else {
                open.pop_back();
            }
            continue;
        }
        const bool section = line.text()[0] == '<';
        const auto words = words_of(section ? inside_brackets(line, 1) : line, out.options(), '\0');
        if (!words.empty()) {
            add_directive(out, open.back(), words, offset, section ? &open : nullptr);
        }
    }
    if (open.size() > 1) {
        out.add_problem(text.size() - 1, "a section is not closed");
    }
}

void read_words(LensOutput& out) {
    const std::string_view text = out.text();
    const std::vector<std::string>& sections = out.options().sections;
    NodeId parent = out.under();
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t offset = skip_blanks(text, at, line_end(text, at));
        const TracedText line = read_continued_line(out, at);
        std::vector<TracedText> words = words_of(line, out.options(), '#');
        if (words.empty()) {
            continue;
        }
        // "Port=22", "--port=11211"
        const std::string name = words[0].text();
        const std::size_t equals = name.find('=');
        if (equals != std::string::npos && equals > 0) {
            words.insert(words.begin() + 1, words[0].part(equals + 1, name.size() - equals - 1));
            words[0] = words[0].part(0, equals);
        }
        const bool begins =
            std::find(sections.begin(), sections.end(), words[0].text()) != sections.end();
        if (begins) {
            std::vector<NodeId> opened;
            add_directive(out, out.under(), words, offset, &opened);
            parent = opened.front();
        } else {
            add_directive(out, parent, words, offset);
        }
    }
}

}  // namespace assembler::plugin
