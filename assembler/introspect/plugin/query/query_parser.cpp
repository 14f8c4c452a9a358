// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "assembler/introspect/plugin/query/query.h"
#include "base/error.h"

namespace assembler::plugin {

namespace {

[[noreturn]] void fail_query(std::string_view text, std::string_view why) {
    throw base::Error(base::ErrorKind::invalid_input, fmt::format("path '{}': {}", text, why),
                      "assembler/introspect/plugins/README.md has the language of paths");
}

// Where the bracket at `open` closes.
std::size_t closing_bracket(std::string_view text, std::size_t open) {
    int depth = 0;
    for (std::size_t at = open; at < text.size(); ++at) {
        depth += text[at] == '[' ? 1 : text[at] == ']' ? -1 : 0;
        if (depth == 0) {
            return at;
        }
    }
    fail_query(text, "a '[' is not closed");
}

// Where `what` stands outside of brackets.
std::size_t find_outside(std::string_view text, std::string_view what) {
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '[') {
            at = closing_bracket(text, at);
        } else if (text.substr(at).starts_with(what)) {
            return at;
        }
    }
    return std::string_view::npos;
}

QueryPredicate parse_predicate(std::string_view text) {
    QueryPredicate predicate;
    if (text.starts_with('!')) {
        predicate.negated = true;
        text.remove_prefix(1);
    }
    const std::size_t in = find_outside(text, " in ");
    const std::size_t has = find_outside(text, " has ");
    const std::size_t sign = std::min(find_outside(text, "="), find_outside(text, "~"));
    std::string_view left = text.substr(0, std::min({in, has, sign}));
    if (in != std::string_view::npos) {
        predicate.test = QueryPredicate::Test::within;
        predicate.set.push_back(parse_query(text.substr(in + 4)));
    } else if (has != std::string_view::npos) {
        predicate.test = QueryPredicate::Test::has;
        predicate.right = std::string(text.substr(has + 5));
    } else if (sign != std::string_view::npos) {
        predicate.test =
            text[sign] == '=' ? QueryPredicate::Test::equals : QueryPredicate::Test::matches;
        predicate.right = std::string(text.substr(sign + 1));
        if (left.ends_with('!')) {
            predicate.negated = !predicate.negated;
            left.remove_suffix(1);
        }
    }
    predicate.left.push_back(parse_query(left));
    return predicate;
}

bool is_number(std::string_view text) {
    return !text.empty() && text.size() <= 3 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Cuts at "/" outside of brackets.
std::vector<std::string_view> split_steps(std::string_view text) {
    std::vector<std::string_view> steps;
    std::size_t begin = 0;
    for (std::size_t at = 0; at <= text.size(); ++at) {
        if (at == text.size() || text[at] == '/') {
            steps.push_back(text.substr(begin, at - begin));
            begin = at + 1;
        } else if (text[at] == '[') {
            at = closing_bracket(text, at);
        }
    }
    return steps;
}

QueryStep parse_step(std::string_view text, std::string_view whole) {
    QueryStep step;
    const std::size_t open = std::min(text.find('['), text.size());
    const std::string_view name = text.substr(0, open);
    if (name == "**") {
        step.kind = QueryStep::Kind::deep;
    } else if (name == "..") {
        step.kind = QueryStep::Kind::up;
    } else if (name == "." || (name.empty() && open < text.size())) {
        step.kind = QueryStep::Kind::self;
    } else if (name.empty()) {
        fail_query(whole, "a step is empty");
    } else {
        step.name = NamePattern(name);
    }
    for (std::size_t at = open; at < text.size();) {
        if (text[at] != '[') {
            fail_query(whole, "something stands behind a ']'");
        }
        const std::size_t close = closing_bracket(text, at);
        step.predicates.push_back(parse_predicate(text.substr(at + 1, close - at - 1)));
        at = close + 1;
    }
    return step;
}

}  // namespace

NamePattern::NamePattern(std::string_view text) {
    while (true) {
        const std::size_t end = text.find('|');
        alternatives_.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) {
            return;
        }
        text.remove_prefix(end + 1);
    }
}

QueryPath parse_query(std::string_view text) {
    QueryPath path;
    path.text = std::string(text);
    std::string_view rest = text;
    const std::size_t colon = rest.find_first_of(":/[");
    if (colon != std::string_view::npos && rest[colon] == ':') {
        path.source = std::string(rest.substr(0, colon));
        rest.remove_prefix(colon + 1);
    }
    if (rest.empty()) {
        if (path.source.empty()) {
            fail_query(text, "it is empty");
        }
        return path;
    }
    std::vector<std::string_view> steps = split_steps(rest);
    const std::string_view last = steps.back();
    if (is_number(last)) {
        std::from_chars(last.data(), last.data() + last.size(), path.value);
        if (path.value == 0) {
            fail_query(text, "values are counted from 1");
        }
        steps.pop_back();
    } else if (last == "#" || last == "args") {
        path.all_values = true;
        steps.pop_back();
    }
    for (const std::string_view step : steps) {
        path.steps.push_back(parse_step(step, text));
    }
    return path;
}

}  // namespace assembler::plugin
