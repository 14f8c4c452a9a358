// SPDX-License-Identifier: Apache-2.0
// The grammar of licence expressions of SPDX 2.3, annex D.2, written down again for tests: whether
// a text keeps it, whatever made the text. Ids are not looked up.
#pragma once

#include <algorithm>
#include <string_view>

namespace tests {

class SpdxExpression {
  public:
    static bool is_valid(std::string_view text) {
        SpdxExpression parser(text);
        return parser.read_any() && parser.rest_.empty();
    }

  private:
    explicit SpdxExpression(std::string_view text) : rest_(text) {}

    bool take(std::string_view word) {
        if (!rest_.starts_with(word)) {
            return false;
        }
        rest_.remove_prefix(word.size());
        return true;
    }
    // letters, digits, "." and "-", at least one
    bool take_id() {
        const std::size_t end =
            std::min(rest_.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                             "0123456789.-"),
                     rest_.size());
        rest_.remove_prefix(end);
        return end > 0;
    }
    // A licence or, in parentheses, an expression.
    bool read_one() {
        if (take("(")) {
            return read_any() && take(")");
        }
        const bool is_reference = take("LicenseRef-");
        if (!take_id()) {
            return false;
        }
        if (!is_reference) {
            take("+");
        }
        return is_reference || !take(" WITH ") || take_id();
    }
    bool read_all() {
        do {
            if (!read_one()) {
                return false;
            }
        } while (take(" AND "));
        return true;
    }
    bool read_any() {
        do {
            if (!read_all()) {
                return false;
            }
        } while (take(" OR "));
        return true;
    }

    std::string_view rest_;
};

}  // namespace tests
