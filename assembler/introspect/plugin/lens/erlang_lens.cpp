// SPDX-License-Identifier: Apache-2.0
// Erlang terms, as classic rabbitmq.config has them: {key, value} is a node "key", [..] its items,
// {"127.0.0.1", 5672} a node "-" with both as values.
#include <algorithm>

#include "assembler/introspect/plugin/lens/lens_output.h"

namespace assembler::plugin {

namespace {

class ErlangReader {
  public:
    explicit ErlangReader(LensOutput& out) : out_(out), text_(out.text()) {}

    void read() {
        while (skip_to_token()) {
            const std::size_t before = at_;
            read_term(out_.under());
            if (at_ == before) {
                ++at_;
            }
        }
    }

  private:
    bool skip_to_token() {
        at_ = find_token(text_, at_, '%');
        return at_ < text_.size();
    }

    bool at_scalar() const {
        return std::string_view("[]{},").find(text_[at_]) == std::string_view::npos;
    }

    TracedText read_scalar() {
        const char quote = text_[at_];
        if (quote == '"' || quote == '\'') {
            const std::size_t begin = ++at_;
            while (at_ < text_.size() && text_[at_] != quote) {
                at_ += text_[at_] == '\\' ? 2U : 1U;
            }
            const std::size_t end = std::min(at_, text_.size());
            at_ = std::min(end + 1, text_.size());
            return out_.part(begin, end);
        }
        const std::size_t begin = at_;
        while (at_ < text_.size() && at_scalar() && !is_space(text_[at_]) && text_[at_] != '"') {
            ++at_;
        }
        TracedText scalar = out_.part(begin, at_);
        if (scalar.text().starts_with("<<")) {  // <<"binary">>
            scalar = {};
            if (at_ < text_.size() && text_[at_] == '"') {
                scalar = read_scalar();
                while (at_ < text_.size() && text_[at_] == '>') {
                    ++at_;
                }
            }
        }
        return scalar;
    }

    // A list's items become children of `node`, a text its value.
    void read_term(NodeId node) {
        if (text_[at_] == '[') {
            ++at_;
            while (skip_to_token() && text_[at_] != ']') {
                const std::size_t before = at_;
                if (text_[at_] == '{') {
                    read_tuple(node);
                } else if (text_[at_] == '[') {
                    read_term(out_.add(node, "-", at_));
                } else if (at_scalar()) {
                    const std::size_t begin = at_;
                    out_.add_value(out_.add(node, "-", begin), read_scalar());
                }
                at_ += at_ == before ? 1U : 0U;
            }
            at_ = std::min(at_ + 1, text_.size());
        } else if (text_[at_] == '{') {
            read_tuple(node);
        } else if (at_scalar()) {
            out_.add_value(node, read_scalar());
        }
    }

    void read_tuple(NodeId parent) {
        const std::size_t begin = at_++;
        if (!skip_to_token()) {
            return;
        }
        const bool key = at_scalar() && text_[at_] != '"';
        const NodeId node = out_.add(parent, key ? read_scalar().text() : "-", begin);
        while (skip_to_token() && text_[at_] != '}') {
            const std::size_t before = at_;
            read_term(node);
            at_ += at_ == before ? 1U : 0U;
        }
        at_ = std::min(at_ + 1, text_.size());
    }

    LensOutput& out_;
    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace

void read_erlang(LensOutput& out) {
    ErlangReader(out).read();
}

}  // namespace assembler::plugin
