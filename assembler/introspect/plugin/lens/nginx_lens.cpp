// SPDX-License-Identifier: Apache-2.0
// nginx: directives of words that end in ";" or open a block. A block's node has the words before
// the brace as its values.
#include "assembler/introspect/plugin/lens/lens_output.h"

namespace assembler::plugin {

namespace {

class NginxReader {
  public:
    explicit NginxReader(LensOutput& out) : out_(out), text_(out.text()) {}

    void read() {
        std::vector<NodeId> open{out_.under()};
        while (skip_to_token()) {
            const char c = text_[at_];
            if (c == '}') {
                if (open.size() == 1) {
                    out_.add_problem(at_, "a block is closed that was not opened");
                } else {
                    open.pop_back();
                }
                ++at_;
            } else if (c == ';' || c == '{') {
                ++at_;
                if (c == '{') {
                    open.push_back(out_.add(open.back(), "", at_ - 1));
                }
            } else if (const auto block = read_directive(open.back())) {
                open.push_back(*block);
            }
        }
        if (open.size() > 1) {
            out_.add_problem(text_.empty() ? 0 : text_.size() - 1, "a block is not closed");
        }
    }

  private:
    bool skip_to_token() {
        at_ = find_token(text_, at_, '#');
        return at_ < text_.size();
    }

    // The node whose block it opens.
    std::optional<NodeId> read_directive(NodeId parent) {
        const std::size_t begin = at_;
        const TracedText name = read_token();
        const NodeId node = out_.add(parent, name.text(), begin);
        while (skip_to_token()) {
            const char c = text_[at_];
            if (c == ';') {
                ++at_;
                return std::nullopt;
            }
            if (c == '}') {
                out_.add_problem(begin, "a directive has no \";\" at its end");
                return std::nullopt;
            }
            if (c == '{') {
                ++at_;
                constexpr std::string_view kLua = "_by_lua_block";
                if (name.text().ends_with(kLua)) {
                    skip_lua();
                    return std::nullopt;
                }
                return node;
            }
            out_.add_value(node, read_token());
        }
        out_.add_problem(begin, "the file ends within a directive");
        return std::nullopt;
    }

    TracedText read_token() {
        TracedText token;
        if (text_[at_] == '"' || text_[at_] == '\'') {
            const char quote = text_[at_++];
            std::size_t begin = at_;
            while (at_ < text_.size() && text_[at_] != quote) {
                if (text_[at_] == '\\' && at_ + 1 < text_.size() &&
                    (text_[at_ + 1] == quote || text_[at_ + 1] == '\\')) {
                    token.append(out_.source(), begin, at_ - begin);
                    begin = ++at_;
                }
                ++at_;
            }
            token.append(out_.source(), begin, at_ - begin);
            at_ += at_ < text_.size() ? 1U : 0U;
            return token;
        }
        const std::size_t begin = at_;
        while (at_ < text_.size() && !is_space(text_[at_]) && text_[at_] != ';') {
            if (text_[at_] == '\\') {
                ++at_;
            } else if (text_[at_] == '{') {
                if (at_ == begin || text_[at_ - 1] != '$') {
                    break;
                }
                at_ = std::min(text_.find('}', at_), text_.size() - 1);  // ${name}
            }
            at_ = std::min(at_ + 1, text_.size());
        }
        return out_.part(begin, at_);
    }

    void skip_lua() {
        for (int depth = 1; at_ < text_.size() && depth > 0; ++at_) {
            const char c = text_[at_];
            if (c == '"' || c == '\'') {
                for (++at_; at_ < text_.size() && text_[at_] != c && text_[at_] != '\n'; ++at_) {
                    at_ += text_[at_] == '\\' ? 1U : 0U;
                }
            } else if (text_.substr(at_, 2) == "--") {
                at_ = line_end(text_, at_);
            }
            depth += c == '{' ? 1 : c == '}' ? -1 : 0;
        }
        at_ = std::min(at_, text_.size());
    }

    LensOutput& out_;
    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace

void read_nginx(LensOutput& out) {
    NginxReader(out).read();
}

}  // namespace assembler::plugin
