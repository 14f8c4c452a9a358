// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/plugin/lens/lens.h"

#include <algorithm>
#include <array>
#include <utility>

#include "assembler/introspect/plugin/lens/lens_output.h"
#include "base/error.h"
#include "base/letter_case.h"

namespace assembler::plugin {

namespace {

struct LensEntry {
    std::string_view name;
    LensKind kind;
    void (*read)(LensOutput&);
};

constexpr std::array kLenses{
    LensEntry{"apache", LensKind::apache, read_apache},
    LensEntry{"command", LensKind::command, read_command},
    LensEntry{"env", LensKind::env, read_env},
    LensEntry{"erlang", LensKind::erlang, read_erlang},
    LensEntry{"ini", LensKind::ini, read_key_values},
    LensEntry{"js", LensKind::js, read_code},
    LensEntry{"json", LensKind::json, read_yaml},
    LensEntry{"keyvalue", LensKind::keyvalue, read_key_values},
    LensEntry{"lines", LensKind::lines, read_lines},
    LensEntry{"list", LensKind::list, read_list},
    LensEntry{"nginx", LensKind::nginx, read_nginx},
    LensEntry{"numbered", LensKind::numbered, read_numbered},
    LensEntry{"php", LensKind::php, read_code},
    LensEntry{"properties", LensKind::properties, read_properties},
    LensEntry{"python", LensKind::python, read_code},
    LensEntry{"shell", LensKind::shell, read_shell},
    LensEntry{"systemd", LensKind::systemd, read_key_values},
    LensEntry{"toml", LensKind::toml, read_toml},
    LensEntry{"words", LensKind::words, read_words},
    LensEntry{"xml", LensKind::xml, read_xml},
    LensEntry{"yaml", LensKind::yaml, read_yaml},
    // Behind the others: the samples of the fuzz target choose by number.
    LensEntry{"net", LensKind::net, read_net},
    LensEntry{"blocks", LensKind::blocks, read_blocks},
};

}  // namespace

std::optional<LensKind> find_lens_kind(std::string_view name) {
    for (const LensEntry& entry : kLenses) {
        if (entry.name == name) {
            return entry.kind;
        }
    }
    return std::nullopt;
}

std::vector<std::string> lens_names() {
    std::vector<std::string> names;
    for (const LensEntry& entry : kLenses) {
        names.emplace_back(entry.name);
    }
    return names;
}

void read_with_lens(const LensOptions& options, const TracedText& text, ConfigTree& tree,
                    NodeId under, std::vector<LensProblem>& problems) {
    LensOutput out(options, text, tree, under, problems);
    const auto entry = std::find_if(kLenses.begin(), kLenses.end(), [&](const LensEntry& lens) {
        return lens.kind == options.kind;
    });
    tree.set_limit(ConfigTree::kMaxNodes);
    try {
        entry->read(out);
    } catch (const base::Error& error) {  // a bound of the tree; what was read stays
        problems.push_back({text.position_at(0), error.message()});
    }
    tree.set_limit(ConfigTree::kMaxCopied);
}

NodeId LensOutput::add(NodeId parent, std::string_view name, std::size_t offset) {
    std::string written(name.substr(0, ConfigTree::kMaxNameBytes));
    if (options_.lower_names) {
        written = base::to_lower(written);
    }
    if (options_.dashes) {
        std::replace(written.begin(), written.end(), '_', '-');
    }
    return tree_.add(parent, std::move(written), text_.position_at(offset));
}

void LensOutput::add_problem(std::size_t offset, std::string text) {
    constexpr std::size_t kMaxProblems = 10;
    if (problems_.size() < kMaxProblems) {
        problems_.push_back({text_.position_at(offset), std::move(text)});
    }
}

std::size_t skip_blanks(std::string_view text, std::size_t at, std::size_t end) {
    while (at < end && is_blank(text[at])) {
        ++at;
    }
    return at;
}

std::size_t line_end(std::string_view text, std::size_t at) {
    const std::size_t end = text.find('\n', at);
    return end == std::string_view::npos ? text.size() : end;
}

std::size_t find_token(std::string_view text, std::size_t at, char comment,
                       std::string_view also_space) {
    const auto is_passed = [&](char c) {
        return is_space(c) || c == comment || also_space.find(c) != std::string_view::npos;
    };
    while (at < text.size() && is_passed(text[at])) {
        at = text[at] == comment ? line_end(text, at) : at + 1;
    }
    return at;
}

TracedText read_word(const LensOutput& out, std::size_t& at, std::size_t end) {
    const std::string_view text = out.text();
    TracedText word;
    char quote = '\0';
    std::size_t begin = at;  // of what is not yet in the word
    while (at < end && (quote != '\0' || !is_space(text[at]))) {
        const char c = text[at];
        const bool opens = quote == '\0' && (c == '"' || c == '\'');
        const bool escapes = c == '\\' && quote != '\'' && at + 1 < end;
        if (opens || escapes || (quote != '\0' && c == quote)) {
            word.append(out.source(), begin, at - begin);
            quote = opens ? c : escapes ? quote : '\0';
            begin = at + 1;
            at += escapes ? 2 : 1;
            continue;
        }
        ++at;
    }
    word.append(out.source(), begin, at - begin);
    return word;
}

TracedText read_continued_line(const LensOutput& out, std::size_t& at) {
    const std::string_view text = out.text();
    TracedText line;
    while (at < text.size()) {
        const std::size_t end = line_end(text, at);
        std::size_t last = end;
        if (last > at && text[last - 1] == '\r') {
            --last;
        }
        const bool goes_on = last > at && text[last - 1] == '\\' && end < text.size();
        line.append(out.source(), at, (goes_on ? last - 1 : last) - at);
        at = std::min(end + 1, text.size());
        if (!goes_on) {
            break;
        }
    }
    return line;
}

}  // namespace assembler::plugin
