// SPDX-License-Identifier: Apache-2.0
// Logstash's pipelines: blocks in braces, "key => value" in them; a value is a string, a word, a
// list in brackets or a hash in braces. What stands in an "if" is below a node "if".
#include <algorithm>

#include "assembler/introspect/plugin/lens/lens_output.h"

namespace assembler::plugin {

namespace {

class BlocksReader {
  public:
    explicit BlocksReader(LensOutput& out) : out_(out), text_(out.text()) {}

    void read() {
        std::vector<Level> open{{out_.under(), false}};
        while (skip_to_token()) {
            const char c = text_[at_];
            if (c == '}' || c == ']') {
                ++at_;
                if (open.size() > 1) {
                    open.pop_back();
                }
            } else if (c == '{' || c == '[') {
                open.push_back({out_.add(open.back().node, "-", at_), c == '['});
                ++at_;
            } else if (open.back().list) {
                const std::size_t begin = at_;
                out_.add_value(out_.add(open.back().node, "-", begin), read_token());
            } else {
                read_entry(open);
            }
        }
    }

  private:
    struct Level {
        NodeId node;
        bool list;
    };

    bool skip_to_token() {
        at_ = find_token(text_, at_, '#', ",");
        return at_ < text_.size();
    }

    // "name {", "key => value", "if … {"
    void read_entry(std::vector<Level>& open) {
        const std::size_t begin = at_;
        const TracedText name = read_token();
        if (name.text() == "if" || name.text() == "else") {
            skip_condition();
        } else if (!skip_to_token()) {
            return;
        }
        if (at_ < text_.size() && text_[at_] == '{') {
            ++at_;
            const bool condition = name.text() == "else" || name.text() == "if";
            open.push_back(
                {out_.add(open.back().node, condition ? "if" : name.text(), begin), false});
            return;
        }
        if (text_.substr(at_, 2) != "=>") {
            return;
        }
        at_ += 2;
        const NodeId node = out_.add(open.back().node, name.text(), begin);
        if (!skip_to_token() || text_[at_] == '}' || text_[at_] == ']') {
            return;
        }
        if (text_[at_] == '{' || text_[at_] == '[') {
            open.push_back({node, text_[at_] == '['});
            ++at_;
        } else {
            out_.add_value(node, read_token());
        }
    }

    void skip_condition() {
        while (at_ < text_.size() && text_[at_] != '{' && text_[at_] != '}') {
            if (text_[at_] == '"' || text_[at_] == '\'') {
                read_token();
            } else {
                ++at_;
            }
        }
    }

    // A string, or a word up to what has a meaning; at least a byte.
    TracedText read_token() {
        const std::size_t begin = at_;
        const char quote = text_[at_++];
        if (quote == '"' || quote == '\'') {
            while (at_ < text_.size() && text_[at_] != quote) {
                at_ += text_[at_] == '\\' ? 2U : 1U;
            }
            const std::size_t end = std::min(at_, text_.size());
            at_ = std::min(end + 1, text_.size());
            return out_.part(begin + 1, end);
        }
        at_ = std::min(text_.find_first_of(" \t\r\n,{}[]#\"'", at_), text_.size());
        const std::size_t arrow = text_.substr(0, at_).find("=>", begin);
        if (arrow != std::string_view::npos && arrow > begin) {
            at_ = arrow;  // key=>value
        }
        return out_.part(begin, at_);
    }

    LensOutput& out_;
    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace

void read_blocks(LensOutput& out) {
    BlocksReader(out).read();
}

}  // namespace assembler::plugin
