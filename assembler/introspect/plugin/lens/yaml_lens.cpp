// SPDX-License-Identifier: Apache-2.0
// YAML as configuration is written: block and flow maps and lists, plain, quoted and block texts,
// anchors, aliases, merges, several documents (all below the same node). A list's items are nodes
// named "-". JSON, also with comments, is its flow form. base/yaml.h is for our own files: it
// knows no place of a value's bytes and wants one whole document.
#include <algorithm>
#include <map>

#include "assembler/introspect/plugin/lens/lens_output.h"

namespace assembler::plugin {

namespace {

struct YamlLine {
    std::size_t begin = 0;  // of its first byte that is no blank, or of what follows "- "
    std::size_t end = 0;    // without the line end
    std::size_t indent = 0;
    std::size_t document = 0;
};

class YamlReader {
  public:
    explicit YamlReader(LensOutput& out) : out_(out), text_(out.text()) {}

    void read_json() {
        at_ = 0;
        while (skip_to_token()) {
            const std::size_t before = at_;
            read_flow(out_.under());
            if (at_ == before) {
                ++at_;
            }
        }
    }

    void read_documents() {
        split_lines();
        NodeId node = out_.under();
        std::optional<std::size_t> document;
        while (line_ < lines_.size()) {
            const std::size_t before = line_;
            document_ = lines_[line_].document;
            if (out_.options().documents && document != document_) {
                node = out_.add(out_.under(), "document", lines_[line_].begin);
                document = document_;
            }
            read_block(node, lines_[line_].indent);
            if (line_ == before) {
                out_.add_problem(lines_[line_].begin, "neither a key nor an item");
                ++line_;
            }
        }
    }

  private:
    // Lines with something on them; markers of documents and comments are none.
    void split_lines() {
        std::size_t document = 0;
        for (std::size_t at = 0; at < text_.size();) {
            const std::size_t whole_end = line_end(text_, at);
            std::size_t end = whole_end;
            while (end > at && is_blank(text_[end - 1])) {
                --end;
            }
            std::size_t begin = at;
            while (begin < end && text_[begin] == ' ') {
                ++begin;
            }
            const std::string_view line = text_.substr(at, end - at);
            const bool marker =
                line == "---" || line == "..." || line.starts_with("%") || line.starts_with("--- ");
            document += marker ? 1U : 0U;
            if (begin < end && text_[begin] != '#' && !marker) {
                lines_.push_back({begin, end, begin - at, document});
            }
            at = whole_end + 1;
        }
    }

    std::string_view content() const {
        return text_.substr(lines_[line_].begin, lines_[line_].end - lines_[line_].begin);
    }
    // Another line of this document, indented so.
    bool more(std::size_t indent) const { return goes_on() && lines_[line_].indent == indent; }
    bool deeper(std::size_t indent) const { return goes_on() && lines_[line_].indent > indent; }
    bool goes_on() const { return line_ < lines_.size() && lines_[line_].document == document_; }
    static bool is_item(std::string_view line) { return line == "-" || line.starts_with("- "); }

    void read_block(NodeId node, std::size_t indent) {
        if (is_item(content())) {
            read_items(node, indent);
        } else if (find_key_end()) {
            read_map(node, indent);
        } else {
            at_ = lines_[line_].begin;
            read_value(node, indent == 0 ? 0 : indent - 1);
        }
    }

    void read_items(NodeId node, std::size_t indent) {
        while (more(indent) && is_item(content())) {
            YamlLine& line = lines_[line_];
            const NodeId item = out_.add(node, "-", line.begin);
            std::size_t begin = skip_blanks(text_, line.begin + 1, line.end);
            begin = read_anchor(begin, line.end, item);
            if (begin >= line.end || text_[begin] == '#') {
                ++line_;
                if (deeper(indent)) {
                    read_block(item, lines_[line_].indent);
                }
            } else {  // what follows "- " is as if it stood on a line of its own
                line.indent += begin - line.begin;
                line.begin = begin;
                read_block(item, line.indent);
            }
            finish_anchor(item);
        }
    }

    void read_map(NodeId node, std::size_t indent) {
        while (more(indent) && !is_item(content())) {
            const auto key_end = find_key_end();
            if (!key_end) {
                out_.add_problem(lines_[line_].begin, "a line is no key");
                ++line_;
                continue;
            }
            const YamlLine line = lines_[line_];
            const NodeId child = out_.add(node, key_name(line.begin, *key_end), line.begin);
            at_ = skip_blanks(text_, text_.find(':', *key_end) + 1, line.end);
            at_ = read_anchor(at_, line.end, child);
            if (at_ >= line.end || text_[at_] == '#') {
                ++line_;
                const bool list = more(indent) && is_item(content());
                if (list) {
                    read_items(child, indent);
                } else if (deeper(indent)) {
                    read_block(child, lines_[line_].indent);
                }
            } else {
                read_value(child, indent);
            }
            finish_anchor(child);
            if (out_.tree().node(child).name == "<<") {
                merge(child, node);
            }
        }
    }

    // Where the key of this line ends: before a ":" that a blank or nothing follows.
    std::optional<std::size_t> find_key_end() const {
        const YamlLine& line = lines_[line_];
        std::size_t at = line.begin;
        if (text_[at] == '"' || text_[at] == '\'') {
            const std::size_t close = text_.find(text_[at], at + 1);
            if (close == std::string_view::npos || close >= line.end) {
                return std::nullopt;
            }
            at = skip_blanks(text_, close + 1, line.end);
            return at < line.end && text_[at] == ':' ? std::optional(close + 1) : std::nullopt;
        }
        if (text_[at] == '[' || text_[at] == '{') {
            return std::nullopt;
        }
        for (; at < line.end; ++at) {
            if (text_[at] == ':' && (at + 1 == line.end || is_blank(text_[at + 1]))) {
                return at;
            }
            if (text_[at] == '#' && at > line.begin && is_blank(text_[at - 1])) {
                break;
            }
        }
        return std::nullopt;
    }

    std::string key_name(std::size_t begin, std::size_t end) const {
        if (end > begin + 1 && (text_[begin] == '"' || text_[begin] == '\'')) {
            return std::string(text_.substr(begin + 1, end - begin - 2));
        }
        return std::string(out_.part(begin, end).trimmed().text());
    }

    // The value at at_, which may go on over lines that are indented more than `indent`. line_ is
    // the line behind it afterwards.
    void read_value(NodeId node, std::size_t indent) {
        const char c = text_[at_];
        if (c == '|' || c == '>') {
            read_block_text(node, indent);
            return;
        }
        if (c == '*') {
            const std::string name(word_at(at_ + 1));
            if (const auto anchor = anchors_.find(name); anchor != anchors_.end()) {
                copy(anchor->second, node);
            }
            ++line_;
            return;
        }
        if (c == '[' || c == '{' || c == '"' || c == '\'') {
            read_flow(node);
            const std::size_t behind = at_;
            while (line_ < lines_.size() && lines_[line_].begin < behind) {
                ++line_;
            }
            return;
        }
        TracedText value = plain_on_line(at_, lines_[line_].end);
        ++line_;
        while (deeper(indent) && value.text().size() <= ConfigTree::kMaxValueBytes &&
               !find_key_end()) {
            value.append_made_up(" ");
            value.append(plain_on_line(lines_[line_].begin, lines_[line_].end));
            ++line_;
        }
        out_.add_value(node, std::move(value));
    }

    TracedText plain_on_line(std::size_t begin, std::size_t end) const {
        for (std::size_t at = begin; at < end; ++at) {
            if (text_[at] == '#' && at > begin && is_blank(text_[at - 1])) {
                end = at;
                break;
            }
        }
        return out_.part(begin, end).trimmed();
    }

    void read_block_text(NodeId node, std::size_t indent) {
        TracedText value;
        ++line_;
        while (deeper(indent)) {
            if (!value.empty()) {
                value.append_made_up("\n");
            }
            value.append(out_.part(lines_[line_].begin, lines_[line_].end));
            ++line_;
        }
        out_.add_value(node, std::move(value));
    }

    std::string_view word_at(std::size_t at) const {
        std::size_t end = at;
        while (end < text_.size() && !is_space(text_[end]) && text_[end] != ',' &&
               text_[end] != ']' && text_[end] != '}') {
            ++end;
        }
        return text_.substr(at, end - at);
    }

    // Over "&name" and "!tag"; the anchor is of `node`.
    std::size_t read_anchor(std::size_t at, std::size_t end, NodeId node) {
        while (at < end && (text_[at] == '&' || text_[at] == '!')) {
            const std::string_view word = word_at(at);
            if (word[0] == '&') {
                pending_[node] = std::string(word.substr(1));
            }
            at = skip_blanks(text_, at + word.size(), end);
        }
        return at;
    }

    // Known only when it is whole, so that it cannot hold itself.
    void finish_anchor(NodeId node) {
        if (const auto found = pending_.find(node); found != pending_.end()) {
            anchors_[found->second] = node;
            pending_.erase(found);
        }
    }

    void copy(NodeId from, NodeId to) {
        const std::vector<TracedText> values = out_.tree().node(from).values;
        for (const TracedText& value : values) {
            out_.add_value(to, value);
        }
        out_.tree().copy_children(from, to);
    }

    // "<<: *defaults": the keys that are not there yet, before those that follow and win.
    void merge(NodeId from, NodeId to) {
        const std::vector<NodeId> sources = out_.tree().node(from).children;
        for (const NodeId source : sources) {
            const std::string name = out_.tree().node(source).name;
            if (name == "-") {  // a list of maps
                merge(source, to);
            } else if (!out_.tree().find_child(to, name)) {
                const NodeId added = out_.tree().add(to, name, out_.tree().node(source).position);
                copy(source, added);
            }
        }
    }

    bool skip_to_token() {
        while (at_ < text_.size()) {
            if (is_space(text_[at_])) {
                ++at_;
            } else if (text_[at_] == '#' || text_.substr(at_, 2) == "//") {
                at_ = line_end(text_, at_);
            } else if (text_.substr(at_, 2) == "/*") {
                const std::size_t end = text_.find("*/", at_);
                at_ = end == std::string_view::npos ? text_.size() : end + 2;
            } else {
                return true;
            }
        }
        return false;
    }

    // A map, list or text in flow form at at_; at_ is behind it afterwards.
    void read_flow(NodeId node) {
        const char c = text_[at_];
        if (c == '{' || c == '[') {
            const char close = c == '{' ? '}' : ']';
            const std::size_t begin = at_++;
            while (skip_to_token() && text_[at_] != close) {
                const std::size_t before = at_;
                if (text_[at_] == ',') {
                    ++at_;
                } else {
                    read_flow_entry(node, close == '}');
                }
                if (at_ == before) {
                    ++at_;  // what stands here belongs to nothing
                }
            }
            if (at_ >= text_.size()) {
                out_.add_problem(begin, "a list or map has no end");
            }
            at_ = std::min(at_ + 1, text_.size());
        } else if (c == '*') {
            const std::string name(word_at(at_ + 1));
            at_ += name.size() + 1;
            if (const auto anchor = anchors_.find(name); anchor != anchors_.end()) {
                copy(anchor->second, node);
            }
        } else {
            out_.add_value(node, read_flow_text());
        }
    }

    void read_flow_entry(NodeId node, bool map) {
        const std::size_t begin = at_;
        if (!map) {
            read_flow(out_.add(node, "-", begin));
            return;
        }
        const TracedText key = read_flow_text();
        const NodeId child = out_.add(node, key.text(), begin);
        if (skip_to_token() && text_[at_] == ':') {
            ++at_;
            if (skip_to_token() && text_[at_] != ',' && text_[at_] != '}') {
                read_flow(child);
            }
        }
    }

    TracedText read_flow_text() {
        const char quote = text_[at_];
        if (quote != '"' && quote != '\'') {
            const std::size_t begin = at_;
            while (at_ < text_.size() && !is_plain_end()) {
                ++at_;
            }
            return out_.part(begin, at_).trimmed();
        }
        TracedText value;
        std::size_t begin = ++at_;
        while (at_ < text_.size() && !(text_[at_] == quote && !is_doubled(quote))) {
            const bool escape = quote == '"' && text_[at_] == '\\' && at_ + 1 < text_.size();
            if (escape || text_[at_] == quote) {
                value.append(out_.source(), begin, at_ - begin);
                begin = ++at_;
            }
            ++at_;
        }
        value.append(out_.source(), begin, at_ - begin);
        at_ = std::min(at_ + 1, text_.size());
        return value;
    }

    bool is_doubled(char quote) const {
        return quote == '\'' && at_ + 1 < text_.size() && text_[at_ + 1] == '\'';
    }

    bool is_plain_end() const {
        const char c = text_[at_];
        const bool colon = c == ':' && (at_ + 1 == text_.size() || is_space(text_[at_ + 1]));
        const bool comment = c == '#' && at_ > 0 && is_space(text_[at_ - 1]);
        return c == ',' || c == ']' || c == '}' || c == '\n' || colon || comment;
    }

    LensOutput& out_;
    std::string_view text_;
    std::size_t at_ = 0;
    std::vector<YamlLine> lines_;
    std::size_t line_ = 0;
    std::size_t document_ = 0;
    std::map<std::string, NodeId> anchors_;
    std::map<NodeId, std::string> pending_;
};

}  // namespace

void read_yaml(LensOutput& out) {
    YamlReader reader(out);
    if (out.options().kind == LensKind::json) {
        reader.read_json();
    } else {
        reader.read_documents();
    }
}

}  // namespace assembler::plugin
