// SPDX-License-Identifier: Apache-2.0
// Files of keys and values, a line each: ini (my.cnf, php-fpm pools, Python's configparser),
// keyvalue (postgresql.conf) and systemd's units. A section is a node, its keys are below it.
#include <algorithm>

#include "assembler/introspect/plugin/lens/lens_output.h"

namespace assembler::plugin {

namespace {

constexpr std::size_t kNothing = std::string_view::npos;

// Where a comment begins that follows a value: after a blank, or at once when `anywhere`.
std::size_t comment_after(std::string_view text, std::string_view marks, bool anywhere) {
    for (std::size_t at = text.find_first_of(marks); at != kNothing;
         at = text.find_first_of(marks, at + 1)) {
        if (anywhere || at == 0 || is_blank(text[at - 1])) {
            return at;
        }
    }
    return text.size();
}

// What stands between quotes at the beginning; a doubled quote or one after a backslash stays.
std::optional<TracedText> quoted_value(const TracedText& value, std::string_view quotes) {
    const std::string& text = value.text();
    if (text.empty() || quotes.find(text[0]) == kNothing) {
        return std::nullopt;
    }
    TracedText inside;
    std::size_t begin = 1;
    for (std::size_t at = 1; at < text.size(); ++at) {
        const bool doubled = text[at] == text[0] && at + 1 < text.size() && text[at + 1] == text[0];
        const bool escaped = text[at] == '\\' && at + 1 < text.size();
        if (doubled || escaped) {
            inside.append(value, begin, at - begin);
            begin = ++at;
        } else if (text[at] == text[0]) {
            inside.append(value, begin, at - begin);
            return inside;
        }
    }
    return std::nullopt;  // no end: it is part of the value
}

class KeyValueReader {
  public:
    explicit KeyValueReader(LensOutput& out) : out_(out), kind_(out.options().kind) {}

    void read() {
        section_ = out_.under();
        const std::string_view text = out_.text();
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = line_end(text, at);
            const std::size_t begin = skip_blanks(text, at, end);
            const bool comment =
                begin < end && (text[begin] == '#' || (text[begin] == ';' && !is_keyvalue()));
            if (begin == end || comment) {
                at = std::min(end + 1, text.size());
                continue;
            }
            const bool indented = begin > at;
            TracedText line;
            if (kind_ == LensKind::systemd) {
                line = read_continued_line(out_, at).trimmed();
            } else {
                line = out_.part(begin, end).trimmed();
                at = std::min(end + 1, text.size());
            }
            read_line(line, begin, indented);
        }
    }

  private:
    bool is_keyvalue() const { return kind_ == LensKind::keyvalue; }

    void read_line(const TracedText& line, std::size_t offset, bool indented) {
        const std::string& text = line.text();
        if (text.empty()) {
            return;
        }
        if (text[0] == '[' && !is_keyvalue()) {
            const std::size_t close = text.find(']');
            if (close == kNothing) {
                out_.add_problem(offset, "a section has no \"]\"");
                return;
            }
            section_ = out_.add(out_.under(), line.part(1, close - 1).trimmed().text(), offset);
            last_.reset();
            return;
        }
        const std::size_t separator = find_separator(text);
        if (separator == kNothing && indented && last_ && kind_ == LensKind::ini) {
            out_.add_value(*last_, value_of(line));  // one more line of the value before
            return;
        }
        const std::size_t key_end = std::min(separator, text.size());
        last_ = out_.add(section_, line.part(0, key_end).trimmed().text(), offset);
        if (separator == kNothing) {
            return;
        }
        TracedText value = line.part(separator + 1, text.size()).trimmed();
        if (is_keyvalue() && value.text().starts_with('=')) {
            value = value.part(1, value.text().size()).trimmed();
        }
        out_.add_value(*last_, value_of(value));
    }

    std::size_t find_separator(std::string_view text) const {
        if (is_keyvalue() || text[0] == '!') {
            return text.find_first_of(is_keyvalue() ? "= \t" : " \t");
        }
        const std::size_t equals = text.find('=');
        return equals == kNothing && kind_ == LensKind::ini ? text.find(':') : equals;
    }

    TracedText value_of(const TracedText& value) const {
        if (kind_ == LensKind::systemd) {
            return value;
        }
        if (auto inside = quoted_value(value, is_keyvalue() ? "'" : "\"'")) {
            return *inside;
        }
        const std::size_t end =
            comment_after(value.text(), is_keyvalue() ? "#" : "#;", is_keyvalue());
        return value.part(0, end).trimmed();
    }

    LensOutput& out_;
    LensKind kind_;
    NodeId section_ = ConfigTree::kRoot;
    std::optional<NodeId> last_;
};

}  // namespace

void read_key_values(LensOutput& out) {
    KeyValueReader(out).read();
}

}  // namespace assembler::plugin
