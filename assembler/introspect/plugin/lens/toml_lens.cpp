// SPDX-License-Identifier: Apache-2.0
// TOML: a table is a node of its whole name ("a.b"), a list's items are nodes named "-". Dates and
// numbers are text.
#include <algorithm>

#include "assembler/introspect/plugin/lens/lens_output.h"

namespace assembler::plugin {

namespace {

class TomlReader {
  public:
    explicit TomlReader(LensOutput& out) : out_(out), text_(out.text()) {}

    void read() {
        NodeId table = out_.under();
        while (skip_to_token()) {
            const std::size_t begin = at_;
            if (text_[at_] == '[') {
                table = out_.add(out_.under(), read_table_name(), begin);
                continue;
            }
            read_entry(table, "=\n");
            skip_line_rest();
        }
    }

  private:
    bool skip_to_token() {
        at_ = find_token(text_, at_, '#');
        return at_ < text_.size();
    }

    void skip_line_rest() { at_ = std::min(line_end(text_, at_) + 1, text_.size()); }

    std::string read_table_name() {
        const std::size_t end = line_end(text_, at_);
        std::string name;
        for (; at_ < end && text_[at_] != '#'; ++at_) {
            const char c = text_[at_];
            if (c != '[' && c != ']' && c != '"' && c != '\'' && !is_blank(c)) {
                name += c;
            }
        }
        skip_line_rest();
        return name;
    }

    // key = value; without "=" the line is left.
    void read_entry(NodeId parent, std::string_view stops) {
        const std::size_t begin = at_;
        const std::size_t end = std::min(text_.find_first_of(stops, at_), text_.size());
        std::string name;
        for (std::size_t i = begin; i < end; ++i) {
            if (text_[i] != '"' && text_[i] != '\'' && !is_space(text_[i])) {
                name += text_[i];
            }
        }
        at_ = end;
        if (at_ >= text_.size() || text_[at_] != '=') {
            out_.add_problem(begin, "a key has no value");
            return;
        }
        ++at_;
        at_ = skip_blanks(text_, at_, text_.size());
        read_value(out_.add(parent, name, begin));
    }

    void read_value(NodeId node) {
        if (at_ >= text_.size()) {
            return;
        }
        const char c = text_[at_];
        if (c == '"' || c == '\'') {
            out_.add_value(node, read_string());
        } else if (c == '[' || c == '{') {
            read_inside(node, c == '[' ? ']' : '}');
        } else {
            const std::size_t begin = at_;
            at_ = std::min(text_.find_first_of(",]}#\n", at_), text_.size());
            out_.add_value(node, out_.part(begin, at_).trimmed());
        }
    }

    void read_inside(NodeId node, char close) {
        ++at_;
        while (skip_to_token() && text_[at_] != close) {
            const std::size_t before = at_;
            if (text_[at_] == ',') {
                ++at_;
            } else if (close == '}') {
                read_entry(node, "=,}\n");
            } else {
                read_value(out_.add(node, "-", at_));
            }
            if (at_ == before) {
                ++at_;
            }
        }
        at_ = std::min(at_ + 1, text_.size());
    }

    TracedText read_string() {
        const char quote = text_[at_];
        const std::string triple(3, quote);
        if (text_.substr(at_).starts_with(triple)) {
            const std::size_t begin = at_ + 3;
            const std::size_t end = std::min(text_.find(triple, begin), text_.size());
            at_ = std::min(end + 3, text_.size());
            return out_.part(begin, end);
        }
        TracedText value;
        std::size_t begin = ++at_;
        while (at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n') {
            if (quote == '"' && text_[at_] == '\\' && at_ + 1 < text_.size()) {
                value.append(out_.source(), begin, at_ - begin);
                begin = ++at_;
            }
            ++at_;
        }
        value.append(out_.source(), begin, at_ - begin);
        at_ += at_ < text_.size() && text_[at_] == quote ? 1U : 0U;
        return value;
    }

    LensOutput& out_;
    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace

void read_toml(LensOutput& out) {
    TomlReader(out).read();
}

}  // namespace assembler::plugin
