// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/evidence/license/license_expression.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/letter_case.h"

namespace imagebuilder {

namespace {

constexpr std::size_t kMostNamesBytes = 4096;
constexpr std::size_t kMostTokens = 512;
constexpr std::size_t kMostWords = 7;  // of a name: more is prose
constexpr int kDeepest = 16;

bool is_name_gap(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// Words of sentences, which no name has.
bool is_of_prose(std::string_view word) {
    constexpr std::array<std::string_view, 12> kProse{"any", "by",  "in",   "is", "it",  "its",
                                                      "of",  "the", "this", "to", "use", "you"};
    return std::find(kProse.begin(), kProse.end(), base::to_lower(word)) != kProse.end();
}

// How close an operator binds; 0: none.
enum Binding { none = 0, comma_or = 1, comma_and = 2, plain_or = 3, plain_and = 4 };

struct Token {
    enum class Kind { word, operation, open, close };
    Kind kind = Kind::word;
    std::string text;        // of a word
    Binding binding = none;  // of an operator
};

class Tokens {
  public:
    explicit Tokens(std::string_view text) {
        bool comma = false;
        while (!text.empty()) {
            const char c = text.front();
            if (is_name_gap(c)) {
                text.remove_prefix(1);
            } else if (c == ',') {
                comma = true;
                text.remove_prefix(1);
            } else if (c == '(' || c == ')') {
                add_comma(comma);
                tokens_.push_back({c == '(' ? Token::Kind::open : Token::Kind::close, "", none});
                text.remove_prefix(1);
            } else {
                const std::size_t end = std::min(text.find_first_of(" \t\n\r,()"), text.size());
                add_words(text.substr(0, end), comma);
                text.remove_prefix(end);
            }
        }
    }

    std::vector<Token> take() { return std::move(tokens_); }

  private:
    // A comma that no operator follows belongs to the name before it.
    void add_comma(bool& comma) {
        if (std::exchange(comma, false) && !tokens_.empty()) {
            tokens_.back().text += ',';
        }
    }

    void add_word(std::string_view word, bool& comma) {
        const std::string lower = base::to_lower(word);
        const bool is_or = lower == "or" || lower == "|";
        if (is_or || lower == "and" || lower == "&") {
            const bool behind_comma = std::exchange(comma, false);
            tokens_.push_back({Token::Kind::operation, std::string(word),
                               is_or ? (behind_comma ? comma_or : plain_or)
                                     : (behind_comma ? comma_and : plain_and)});
        } else {
            add_comma(comma);
            tokens_.push_back({Token::Kind::word, std::string(word), none});
        }
    }

    // "LGPLv3+_or_GPLv2+" is three words.
    void add_words(std::string_view word, bool& comma) {
        for (const std::string_view joint : {"_or_", "_and_"}) {
            const std::size_t at = word.find(joint);
            if (at != std::string_view::npos && at > 0 && at + joint.size() < word.size()) {
                add_words(word.substr(0, at), comma);
                add_word(joint.substr(1, joint.size() - 2), comma);
                add_words(word.substr(at + joint.size()), comma);
                return;
            }
        }
        add_word(word, comma);
    }

    std::vector<Token> tokens_;
};

LicenseTree combined(LicenseTree::Kind kind, LicenseTree left, LicenseTree right) {
    if (left.kind == kind) {
        left.parts.push_back(std::move(right));
        return left;
    }
    LicenseTree tree;
    tree.kind = kind;
    tree.parts.push_back(std::move(left));
    tree.parts.push_back(std::move(right));
    return tree;
}

class TreeParser {
  public:
    explicit TreeParser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

    std::optional<LicenseTree> parse() {
        std::optional<LicenseTree> tree = parse_from(comma_or, 0);
        return at_ == tokens_.size() ? std::move(tree) : std::nullopt;
    }

  private:
    bool is_next(Token::Kind kind) const {
        return at_ < tokens_.size() && tokens_[at_].kind == kind;
    }

    // Operands and the operators between them that bind at least as close as `loosest`.
    std::optional<LicenseTree> parse_from(int loosest, int depth) {
        std::optional<LicenseTree> left = parse_operand(depth);
        while (left && is_next(Token::Kind::operation) && tokens_[at_].binding >= loosest) {
            const Binding binding = tokens_[at_++].binding;
            std::optional<LicenseTree> right = parse_from(binding + 1, depth);
            if (!right) {
                return std::nullopt;
            }
            const bool is_or = binding == comma_or || binding == plain_or;
            left = combined(is_or ? LicenseTree::Kind::any : LicenseTree::Kind::all,
                            std::move(*left), std::move(*right));
        }
        return left;
    }

    std::optional<LicenseTree> parse_operand(int depth) {
        if (!is_next(Token::Kind::open)) {
            return parse_name(0);
        }
        ++at_;
        std::optional<LicenseTree> inner =
            depth < kDeepest ? parse_from(comma_or, depth + 1) : std::nullopt;
        if (!inner || !is_next(Token::Kind::close)) {
            return std::nullopt;
        }
        ++at_;
        return inner;
    }

    // Words, and parentheses among them, as in "BSD (3 clause)".
    std::optional<LicenseTree> parse_name(std::size_t words) {
        LicenseTree tree;
        bool inside = false;
        while (is_next(Token::Kind::word) || (is_next(Token::Kind::open) && words > 0) ||
               (is_next(Token::Kind::close) && inside)) {
            const Token& token = tokens_[at_++];
            if (token.kind != Token::Kind::word) {
                inside = token.kind == Token::Kind::open;
                continue;
            }
            tree.name += (tree.name.empty() ? "" : " ") + token.text;
            if (++words > kMostWords || is_of_prose(token.text)) {
                return std::nullopt;
            }
        }
        return tree.name.empty() ? std::nullopt : std::optional(std::move(tree));
    }

    std::vector<Token> tokens_;
    std::size_t at_ = 0;
};

void sort_unique(std::vector<std::string>& terms) {
    std::sort(terms.begin(), terms.end());
    terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
}

// In parentheses when it is made of several parts.
std::string operand_of(const LicenseTree& tree, const TermOf& term_of);

std::string any_of_parts(const LicenseTree& tree, const TermOf& term_of) {
    std::vector<std::string> operands;
    for (const LicenseTree& part : tree.parts) {
        operands.push_back(operand_of(part, term_of));
    }
    sort_unique(operands);
    std::string text;
    for (const std::string& operand : operands) {
        text += (text.empty() ? "" : " OR ") + operand;
    }
    return operands.size() > 1 ? "(" + text + ")" : text;
}

std::string operand_of(const LicenseTree& tree, const TermOf& term_of) {
    if (tree.kind == LicenseTree::Kind::any) {
        return any_of_parts(tree, term_of);
    }
    const std::vector<std::string> terms = license_terms(tree, term_of);
    const std::string text = join_license_terms(terms);
    return terms.size() > 1 ? "(" + text + ")" : terms.front();
}

}  // namespace

std::optional<LicenseTree> parse_license_names(std::string_view text) {
    if (text.size() > kMostNamesBytes) {
        return std::nullopt;
    }
    std::vector<Token> tokens = Tokens(text).take();
    return tokens.size() > kMostTokens ? std::nullopt : TreeParser(std::move(tokens)).parse();
}

std::optional<LicenseWithException> split_exception(std::string_view name) {
    const std::string lower = base::to_lower(name);
    for (const std::string_view joint : {" with ", "-with-"}) {
        const std::size_t at = lower.find(joint);
        // Hyphens alone may be part of a name: "BSD-like-with-advertising-clause".
        const bool is_exception =
            joint.front() == ' ' || lower.ends_with("exception") || lower.ends_with("exceptions");
        if (at != std::string::npos && at > 0 && is_exception) {
            return LicenseWithException{std::string(name.substr(0, at)),
                                        std::string(name.substr(at + joint.size()))};
        }
    }
    return std::nullopt;
}

std::vector<std::string> license_terms(const LicenseTree& tree, const TermOf& term_of) {
    std::vector<std::string> terms;
    if (tree.kind == LicenseTree::Kind::all) {
        for (const LicenseTree& part : tree.parts) {
            const std::vector<std::string> inner = license_terms(part, term_of);
            terms.insert(terms.end(), inner.begin(), inner.end());
        }
    } else {
        terms.push_back(tree.kind == LicenseTree::Kind::any ? any_of_parts(tree, term_of)
                                                            : term_of(tree.name));
    }
    sort_unique(terms);
    return terms;
}

std::string join_license_terms(const std::vector<std::string>& terms) {
    if (terms.size() == 1 && terms.front().starts_with('(')) {
        return terms.front().substr(1, terms.front().size() - 2);
    }
    std::string text;
    for (const std::string& term : terms) {
        text += (text.empty() ? "" : " AND ") + term;
    }
    return text;
}

}  // namespace imagebuilder
