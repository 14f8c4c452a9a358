// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/lint/report/rule_table.h"

#include <algorithm>

#include <fmt/format.h>

namespace ovfkit::lint {

namespace {

std::string_view letter_of(Level level) {
    switch (level) {
        case Level::off: return " ";
        case Level::note: return "n";
        case Level::warning: return "w";
        case Level::error: return "E";
    }
    return "";
}

// Text of a table cell or paragraph: '|' would end the cell, '<' begin a tag.
std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '|' || c == '<' || c == '*' || c == '_' || c == '[') {
            out += '\\';
        }
        out += c;
    }
    return out;
}

Level worst_of(const Rule& rule, TargetSet targets) {
    Level worst = Level::off;
    for (const Target target : kAllTargets) {
        if (targets.has(target)) {
            worst = std::max(worst, rule.levels.of(target));
        }
    }
    return worst;
}

}  // namespace

std::string rules_as_text(TargetSet targets) {
    std::string text;
    for (const Rule* rule : all_rules()) {
        const Level level = worst_of(*rule, targets);
        if (level != Level::off) {
            text += fmt::format("{:<9} {:<8} {}\n", rule->id, to_string(level), rule->title);
        }
    }
    return text;
}

std::string rules_as_markdown() {
    std::string text = fmt::format(
        "# Lint rules\n\n"
        "Made by `muster lint --rules --markdown`; a test fails when it is out of date. {} rules. "
        "E: error, w: warning, n: note,\nempty: off for that target.\n\n"
        "`muster lint FILE --target esxi` says which of them a package breaks, where, and what to "
        "do.\n\n| rule | what is wrong |",
        all_rules().size());
    for (const Target target : kAllTargets) {
        text += fmt::format(" {} |", to_string(target));
    }
    text += "\n|---|---|";
    for (std::size_t i = 0; i < kTargets; ++i) {
        text += "---|";
    }
    for (const Rule* rule : all_rules()) {
        text += fmt::format("\n| {} | {} |", rule->id, escaped(rule->title));
        for (const Target target : kAllTargets) {
            text += fmt::format(" {} |", letter_of(rule->levels.of(target)));
        }
    }
    text += "\n\n## Why, what to do, and who says so\n";
    for (const Rule* rule : all_rules()) {
        text += fmt::format("\n**{}** {}. {} {} *({})*\n", rule->id, escaped(rule->title),
                            escaped(rule->why), escaped(rule->fix), escaped(rule->source));
    }
    return text;
}

base::Json rules_as_json() {
    base::Json rules = base::Json::array();
    for (const Rule* rule : all_rules()) {
        base::Json levels = base::Json::object();
        for (const Target target : kAllTargets) {
            levels[std::string(to_string(target))] = to_string(rule->levels.of(target));
        }
        rules.push_back({{"id", rule->id},
                         {"title", rule->title},
                         {"levels", levels},
                         {"why", rule->why},
                         {"fix", rule->fix},
                         {"source", rule->source}});
    }
    return rules;
}

}  // namespace ovfkit::lint
