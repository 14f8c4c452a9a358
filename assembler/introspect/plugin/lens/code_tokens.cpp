// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/plugin/lens/code_tokens.h"

#include <algorithm>

namespace assembler::plugin {

namespace {

constexpr std::size_t kMaxTokens = 200'000;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool begins_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

bool is_reference(std::string_view text) {
    return !text.empty() && begins_name(text[0]) &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return begins_name(c) || is_digit(c) || c == '.'; });
}

class CodeSplitter {
  public:
    explicit CodeSplitter(const LensOutput& out) : text_(out.text()), kind_(out.options().kind) {}

    std::vector<CodeToken> split() {
        if (kind_ == LensKind::php) {
            skip_to_php();
        }
        while (at_ < text_.size() && tokens_.size() < kMaxTokens) {
            if (!skip_space_or_comment()) {
                read_token();
            }
        }
        tokens_.push_back({});
        return std::move(tokens_);
    }

  private:
    bool looking_at(std::string_view what) const { return text_.substr(at_).starts_with(what); }

    // Ends of lines say something only where statements may end.
    bool line_end_counts() const {
        return kind_ != LensKind::php &&
               (open_.empty() || (open_.back() == '{' && kind_ == LensKind::js));
    }

    void add(CodeToken::Kind kind, std::size_t begin, std::size_t end) {
        tokens_.push_back({kind, text_.substr(begin, end - begin), begin, false, false});
    }

    void skip_to_php() {
        const std::size_t open = text_.find("<?", at_);
        at_ = open == std::string_view::npos ? text_.size() : open + 2;
        if (looking_at("php")) {
            at_ += 3;
        }
    }

    void skip_past(std::string_view what) {
        const std::size_t found = text_.find(what, at_);
        at_ = found == std::string_view::npos ? text_.size() : found + what.size();
    }

    bool skip_space_or_comment() {
        const char c = text_[at_];
        if (c == '\n') {
            if (line_end_counts()) {
                add(CodeToken::Kind::line_end, at_, at_ + 1);
            }
            ++at_;
        } else if (is_space(c)) {
            ++at_;
        } else if ((c == '#' && kind_ != LensKind::js) ||
                   (looking_at("//") && kind_ != LensKind::python)) {
            at_ = line_end(text_, at_);
        } else if (looking_at("/*") && kind_ != LensKind::python) {
            at_ += 2;
            skip_past("*/");
        } else if (looking_at("?>") && kind_ == LensKind::php) {
            skip_to_php();
        } else if (c == '/' && kind_ == LensKind::js && pattern_may_begin()) {
            skip_pattern();
        } else if (c == '\\') {
            at_ = std::min(at_ + 2, text_.size());  // a line that goes on
        } else {
            return false;
        }
        return true;
    }

    // Whether "/" begins a regular expression rather than divides.
    bool pattern_may_begin() const {
        if (tokens_.empty() || tokens_.back().kind == CodeToken::Kind::line_end) {
            return true;
        }
        return tokens_.back().kind == CodeToken::Kind::mark && tokens_.back().written != ")" &&
               tokens_.back().written != "]";
    }

    void skip_pattern() {
        for (++at_; at_ < text_.size() && text_[at_] != '/' && text_[at_] != '\n'; ++at_) {
            at_ += text_[at_] == '\\' && at_ + 1 < text_.size() ? 1U : 0U;
        }
        at_ += at_ < text_.size() && text_[at_] == '/' ? 1U : 0U;
    }

    void read_token() {
        const char c = text_[at_];
        const std::size_t begin = at_;
        if (c == '"' || c == '\'' || (c == '`' && kind_ == LensKind::js)) {
            read_text("");
        } else if (is_digit(c)) {
            while (at_ < text_.size() && (is_digit(text_[at_]) || text_[at_] == '.')) {
                ++at_;
            }
            add(CodeToken::Kind::number, begin, at_);
        } else if (begins_name(c) || static_cast<unsigned char>(c) >= 0x80) {
            while (at_ < text_.size() && (begins_name(text_[at_]) || is_digit(text_[at_]) ||
                                          static_cast<unsigned char>(text_[at_]) >= 0x80)) {
                ++at_;
            }
            const std::string_view name = text_.substr(begin, at_ - begin);
            const bool prefix = kind_ == LensKind::python && name.size() <= 2 &&
                                at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'');
            if (prefix) {
                read_text(name);
            } else {
                add(CodeToken::Kind::name, begin, at_);
            }
        } else {
            read_mark();
        }
    }

    void read_mark() {
        constexpr std::string_view kMarks[] = {
            "===", "!==", "...", "=>", "->", "::", "||", "??", "?:", "?.",
            "==",  "!=",  "<=",  ">=", "+=", ".=", "&&", "|=", "-=", "*="};
        for (const std::string_view mark : kMarks) {
            if (looking_at(mark)) {
                add(CodeToken::Kind::mark, at_, at_ + mark.size());
                at_ += mark.size();
                return;
            }
        }
        const char c = text_[at_];
        if (c == '(' || c == '[' || c == '{') {
            open_.push_back(c);
        } else if ((c == ')' || c == ']' || c == '}') && !open_.empty()) {
            open_.pop_back();
        }
        add(CodeToken::Kind::mark, at_, at_ + 1);
        ++at_;
    }

    void read_text(std::string_view prefix) {
        const char quote = text_[at_];
        const std::string triple(3, quote);
        CodeToken token;
        token.kind = CodeToken::Kind::text;
        const auto has_prefix = [&](std::string_view letters) {
            return prefix.find_first_of(letters) != std::string_view::npos;
        };
        token.escapes = !has_prefix("rR");
        token.interpolates = kind_ == LensKind::js       ? quote == '`'
                             : kind_ == LensKind::python ? has_prefix("fF")
                                                         : quote == '"';
        const bool is_long = kind_ == LensKind::python && looking_at(triple);
        at_ += is_long ? 3U : 1U;
        token.begin = at_;
        const bool many_lines = is_long || quote == '`' || kind_ == LensKind::php;
        while (at_ < text_.size() && (many_lines || text_[at_] != '\n')) {
            if (is_long ? looking_at(triple) : text_[at_] == quote) {
                break;
            }
            at_ += text_[at_] == '\\' ? 2U : 1U;
        }
        at_ = std::min(at_, text_.size());
        token.written = text_.substr(token.begin, at_ - token.begin);
        tokens_.push_back(token);
        if (at_ < text_.size() && text_[at_] == quote) {
            at_ += is_long ? 3U : 1U;
        }
    }

    std::string_view text_;
    LensKind kind_;
    std::size_t at_ = 0;
    std::vector<CodeToken> tokens_;
    std::string open_;  // brackets
};

// Of a name in a text: where it begins and ends, and where what stands for it ends.
struct NameInText {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::size_t behind = 0;
};

std::optional<NameInText> name_in_text(std::string_view text, std::size_t at, LensKind kind) {
    const bool braces = text[at] == '{' && kind != LensKind::js;
    const bool dollar_brace = text.substr(at, 2) == "${" && kind != LensKind::python;
    if (braces || dollar_brace) {
        constexpr std::size_t kLongest = 128;
        const std::size_t begin = at + (braces ? 1 : 2);
        const std::size_t close = text.substr(begin, kLongest).find('}');
        if (close == std::string_view::npos) {
            return std::nullopt;
        }
        const bool php_name = kind != LensKind::php || dollar_brace || text[begin] == '$';
        return php_name ? std::optional(NameInText{begin, begin + close, begin + close + 1})
                        : std::nullopt;
    }
    if (kind == LensKind::php && text[at] == '$' && at + 1 < text.size() &&
        begins_name(text[at + 1])) {
        std::size_t end = at + 1;
        while (end < text.size() && (begins_name(text[end]) || is_digit(text[end]))) {
            ++end;
        }
        return NameInText{at + 1, end, end};
    }
    return std::nullopt;
}

}  // namespace

std::vector<CodeToken> split_code(const LensOutput& out) {
    return CodeSplitter(out).split();
}

TracedText text_of_token(const LensOutput& out, const CodeToken& token) {
    TracedText value;
    const std::string_view text = token.written.substr(0, ConfigTree::kMaxValueBytes + 1);
    std::size_t begin = 0;
    for (std::size_t at = 0; at < text.size();) {
        if (token.escapes && text[at] == '\\' && at + 1 < text.size()) {
            value.append(out.source(), token.begin + begin, at - begin);
            begin = at + 1;
            at += 2;
            continue;
        }
        const auto name =
            token.interpolates ? name_in_text(text, at, out.options().kind) : std::nullopt;
        if (!name) {
            ++at;
            continue;
        }
        value.append(out.source(), token.begin + begin, at - begin);
        std::string_view inner = text.substr(name->begin, name->end - name->begin);
        constexpr std::string_view kNodeEnvironment = "process.env.";
        if (inner.starts_with(kNodeEnvironment)) {
            inner.remove_prefix(kNodeEnvironment.size());
        }
        if (inner.starts_with('$')) {
            inner.remove_prefix(1);
        }
        value.append_made_up("${" + std::string(is_reference(inner) ? inner : "?") + "}");
        at = begin = name->behind;
    }
    value.append(out.source(), token.begin + begin, text.size() - begin);
    return value;
}

}  // namespace assembler::plugin
