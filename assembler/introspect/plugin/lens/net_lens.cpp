// SPDX-License-Identifier: Apache-2.0
// Oracle Net, as listener.ora and tnsnames.ora have it: NAME = (A = (B = value)(C = value)). A name
// is a node, what is in its parentheses below it; "#" begins a comment.
#include <algorithm>

#include "assembler/introspect/plugin/lens/lens_output.h"

namespace assembler::plugin {

namespace {

class NetReader {
  public:
    explicit NetReader(LensOutput& out) : out_(out), text_(out.text()) {}

    void read() {
        while (skip_to_token()) {
            const std::size_t before = at_;
            read_entry(out_.under(), 0);
            at_ += at_ == before ? 1U : 0U;
        }
    }

  private:
    bool skip_to_token() {
        at_ = find_token(text_, at_, '#');
        return at_ < text_.size();
    }

    // Names have no case; they are in capitals here.
    static std::string capitals(std::string name) {
        for (char& c : name) {
            c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        }
        return name;
    }

    TracedText read_word() {
        const std::size_t begin = at_;
        at_ = std::min(text_.find_first_of("()=#\n", at_), text_.size());
        return out_.part(begin, at_).trimmed();
    }

    // "NAME = value", "NAME = (…)(…)"; at depth 0 without parentheses around it.
    void read_entry(NodeId parent, int depth) {
        constexpr int kMaxDepth = 32;
        const std::size_t begin = at_;
        const std::string name = capitals(read_word().text());
        if (at_ >= text_.size() || text_[at_] != '=' || name.empty() || depth > kMaxDepth) {
            return;
        }
        ++at_;
        const NodeId node = out_.add(parent, name, begin);
        if (skip_to_token() && text_[at_] != '(') {
            out_.add_value(node, read_word());
            return;
        }
        while (skip_to_token() && text_[at_] == '(') {
            ++at_;
            if (skip_to_token()) {
                read_entry(node, depth + 1);
            }
            at_ = std::min(text_.find_first_of("()", at_), text_.size());
            at_ += at_ < text_.size() && text_[at_] == ')' ? 1U : 0U;
        }
    }

    LensOutput& out_;
    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace

void read_net(LensOutput& out) {
    NetReader(out).read();
}

}  // namespace assembler::plugin
