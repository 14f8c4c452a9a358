// SPDX-License-Identifier: Apache-2.0
// The half of Settings that answers: paths, templates, variables.
#include <algorithm>

#include "assembler/introspect/plugin/settings/settings.h"
#include "base/error.h"

namespace assembler::plugin {

namespace {

constexpr std::size_t kMaxExpanded = ConfigTree::kMaxValueBytes;
constexpr std::size_t kMaxNestedVariables = 8;
constexpr int kMaxReferences = 1000;  // in one value, with those in what they stand for

bool is_variable_char(char c, bool in_braces) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (in_braces && (c == '.' || c == '-'));
}

// A reference in a text: "${name}", "${name:-default}", "${name:default}", "$name".
struct Reference {
    std::string name;
    std::optional<std::pair<std::size_t, std::size_t>> fallback;  // begin, end
    std::size_t end = 0;
};

std::optional<Reference> read_reference(std::string_view text, std::size_t at) {
    Reference reference;
    const bool braces = at + 1 < text.size() && text[at + 1] == '{';
    std::size_t end = at + (braces ? 2 : 1);
    const std::size_t begin = end;
    while (end < text.size() && is_variable_char(text[end], braces)) {
        const bool dash = text[end] == '-' && braces;
        if (dash && text.substr(begin, end - begin).find('.') == std::string_view::npos) {
            break;  // "${NAME-default}", but "${app.my-name}"
        }
        ++end;
    }
    reference.name = std::string(text.substr(begin, end - begin));
    if (reference.name.empty()) {
        return std::nullopt;
    }
    reference.end = end;
    if (!braces) {
        return reference;
    }
    int depth = 1;
    std::size_t close = end;
    for (; close < text.size(); ++close) {
        depth += text[close] == '{' ? 1 : text[close] == '}' ? -1 : 0;
        if (depth == 0) {
            break;
        }
    }
    if (close >= text.size()) {
        return std::nullopt;
    }
    reference.end = close + 1;
    std::size_t fallback = end;
    if (fallback < close && text[fallback] == ':') {
        ++fallback;
    }
    if (fallback < close && (text[fallback] == '-' || text[fallback] == '=')) {
        ++fallback;
    } else if (fallback < close && (text[fallback] == '?' || text[fallback] == '+')) {
        return reference;
    }
    if (fallback > end) {
        reference.fallback = {fallback, close};
    }
    return reference;
}

}  // namespace

std::optional<std::string> Settings::name_value(std::string_view name,
                                                const RuleContext& context) const {
    const ConfigNode& node = tree_.node(context.here);
    if (name == "*") {
        return context.star;
    }
    if (name == "port" && !context.port.empty()) {
        return context.port;
    }
    if (name == "key") {
        return node.name;
    }
    if (name == "parent") {
        const ConfigNode& parent = tree_.node(node.parent);
        return parent.values.empty() ? parent.name : parent.values[0].text();
    }
    if (name.starts_with("arg") && name.size() == 4 && name[3] >= '1' && name[3] <= '9') {
        const auto index = static_cast<std::size_t>(name[3] - '1');
        return index < node.values.size() ? std::optional(node.values[index].text()) : std::nullopt;
    }
    for (const std::string_view prefix : {"value:", "dir:"}) {
        if (name.starts_with(prefix)) {
            PathTemplate path;
            path.text = std::string(name.substr(prefix.size()));
            path.path = parse_query(path.text);
            const std::vector<TracedText> found = values(path, context);
            if (found.empty()) {
                return std::nullopt;
            }
            const std::string text = expand(found.back()).text();
            return prefix == "dir:" ? folder_of(join_path(base_folder(), text)) : text;
        }
    }
    if (name == "path") {  // all names, for what their words say
        std::string path = node.name;
        for (NodeId above = node.parent; tree_.node(above).depth > 0;
             above = tree_.node(above).parent) {
            path = tree_.node(above).name + " " + path;
        }
        return path;
    }
    return find_name(name);
}

std::optional<std::string> Settings::find_name(std::string_view name) const {
    const auto found = names_.find(name);
    const bool known = found != names_.end() && !found->second.empty();
    if (!known && name == "workdir" && !plugin_.workdir.empty()) {
        return fill_first(plugin_.workdir, {}, {});
    }
    return found == names_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::string> Settings::fill(std::string_view text, const RuleContext& context) const {
    return fill_template(text, [&](std::string_view name) { return name_value(name, context); });
}

std::optional<std::string> Settings::fill_first(std::string_view templates, const Names& more,
                                                const RuleContext& context) const {
    while (true) {
        std::size_t end = 0;  // the next "|" outside of braces
        for (int depth = 0; end < templates.size() && (templates[end] != '|' || depth > 0); ++end) {
            depth += templates[end] == '{' ? 1 : templates[end] == '}' ? -1 : 0;
        }
        const auto filled = fill_template(templates.substr(0, end), [&](std::string_view name) {
            const auto found = more.find(name);
            return found == more.end() ? name_value(name, context) : std::optional(found->second);
        });
        if (filled || end >= templates.size()) {
            return filled;
        }
        templates.remove_prefix(end + 1);
    }
}

std::optional<QueryPath> Settings::path_of(const PathTemplate& path,
                                           const RuleContext& context) const {
    const auto plain = [&](std::string_view name) -> std::optional<std::string> {
        auto value = name_value(name, context);
        // What a file says must not become a part of the language of paths.
        const bool odd = value && value->find_first_of("/[]|*=~:!{}") != std::string::npos;
        return odd ? std::nullopt : value;
    };
    const auto text = fill_template(path.text, plain, true);
    try {
        return text ? std::optional(parse_query(*text)) : std::nullopt;
    } catch (const base::Error&) {
        return std::nullopt;  // a name that makes no path
    }
}

std::vector<QueryMatch> Settings::select(const PathTemplate& path,
                                         const RuleContext& context) const {
    if (!path.has_names) {
        return run_query(tree_, path.path, context.here);
    }
    const auto filled = path_of(path, context);
    return filled ? run_query(tree_, *filled, context.here) : std::vector<QueryMatch>{};
}

std::vector<TracedText> Settings::values(const PathTemplate& path,
                                         const RuleContext& context) const {
    if (!path.has_names) {
        return query_values(tree_, path.path, context.here);
    }
    const auto filled = path_of(path, context);
    return filled ? query_values(tree_, *filled, context.here) : std::vector<TracedText>{};
}

std::vector<TracedText> Settings::last_values(const PathTemplate& path,
                                              const RuleContext& context) const {
    const std::vector<QueryMatch> nodes = select(path, context);
    for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
        const std::vector<TracedText>& all = tree_.node(node->node).values;
        if (path.path.all_values && !all.empty()) {
            return all;
        }
        if (path.path.value <= all.size()) {
            return {all[path.path.value - 1]};
        }
    }
    return {};
}

std::vector<TracedText> Settings::values(const ValueRule& rule, const RuleContext& context) const {
    std::vector<TracedText> found;
    for (const PathTemplate& path : rule.from) {
        found = rule.only_last ? last_values(path, context) : values(path, context);
        if (!found.empty()) {
            break;
        }
    }
    if (rule.from.empty() && rule.fallback.empty() && !tree_.node(context.here).values.empty()) {
        found.push_back(tree_.node(context.here).values[0]);
    }
    if (found.empty() && !rule.fallback.empty()) {
        if (const auto filled = fill(rule.fallback, context)) {
            return {TracedText::made_up(*filled)};
        }
    }
    std::vector<TracedText> result;
    for (const TracedText& written : found) {
        TracedText value = expand(written);
        if (!rule.strip.empty() && value.text().starts_with(rule.strip)) {
            value = value.part(rule.strip.size(), value.text().size());
        }
        if (rule.split.empty()) {
            result.push_back(std::move(value));
            continue;
        }
        const std::string& text = value.text();
        for (std::size_t at = 0; at <= text.size();) {
            const std::size_t end = std::min(text.find_first_of(rule.split, at), text.size());
            TracedText piece = value.part(at, end - at).trimmed();
            if (!piece.empty()) {
                result.push_back(std::move(piece));
            }
            at = end + 1;
        }
    }
    return result;
}

bool Settings::hold(const Conditions& conditions, const RuleContext& context) const {
    const auto finds = [&](const PathTemplate& path) {
        const bool wants_value = path.path.all_values || path.path.value > 1;
        return wants_value ? !values(path, context).empty() : !select(path, context).empty();
    };
    return std::all_of(conditions.when.begin(), conditions.when.end(), finds) &&
           std::none_of(conditions.unless.begin(), conditions.unless.end(), finds);
}

const TracedText* Settings::find_variable(const std::string& name) const {
    if (!variables_ || !complete_) {  // while sources are read there are ever more
        variables_.emplace();
        for (const VariableRule& rule : plugin_.variables) {
            std::map<std::string, TracedText> of_rule;  // the last wins
            for (const QueryMatch& match : select(rule.select, {})) {
                const ConfigNode& node = tree_.node(match.node);
                const bool there = node.values.size() >= rule.value &&
                                   node.values.size() >= rule.name_value.value_or(0);
                if (!there) {
                    continue;
                }
                std::string variable =
                    rule.name_value ? node.values[*rule.name_value - 1].text() : node.name;
                for (NodeId above = node.parent; rule.dotted && tree_.node(above).depth > 1;
                     above = tree_.node(above).parent) {
                    variable = tree_.node(above).name + "." + variable;
                }
                variable.erase(0, variable.starts_with('$') ? 1 : 0);
                if (!rule.strip.empty() && variable.starts_with(rule.strip)) {
                    variable.erase(0, rule.strip.size());
                }
                of_rule[std::move(variable)] = node.values[rule.value - 1];
            }
            variables_->merge(of_rule);  // what earlier rules found stays
        }
    }
    const auto found = variables_->find(name);
    return found == variables_->end() ? nullptr : &found->second;
}

TracedText Settings::expand(const TracedText& text) const {
    if (text.text().find('$') == std::string::npos) {
        return text;
    }
    TracedText result;
    std::vector<std::string> open;
    int budget = kMaxReferences;
    expand_into(text, result, open, budget);
    return result;
}

void Settings::expand_into(const TracedText& text, TracedText& result,
                           std::vector<std::string>& open, int& budget) const {
    std::size_t begin = 0;
    for (std::size_t at = text.text().find('$'); at != std::string::npos;
         at = text.text().find('$', at)) {
        const auto reference = read_reference(text.text(), at);
        const bool bounded = open.size() < kMaxNestedVariables &&
                             result.text().size() < kMaxExpanded && budget-- > 0;
        if (!reference || !bounded) {
            ++at;
            continue;
        }
        const bool is_open = std::find(open.begin(), open.end(), reference->name) != open.end();
        const TracedText* variable = is_open ? nullptr : find_variable(reference->name);
        if (variable == nullptr && !reference->fallback) {
            at = reference->end;  // stays as it is
            continue;
        }
        result.append(text, begin, at - begin);
        open.push_back(reference->name);
        if (variable != nullptr && !(variable->empty() && reference->fallback)) {
            expand_into(TracedText(*variable), result, open, budget);  // the map may change below
        } else {
            const auto [from, to] = *reference->fallback;
            expand_into(text.part(from, to - from), result, open, budget);
        }
        open.pop_back();
        begin = at = reference->end;
    }
    result.append(text, begin, text.text().size());
}

}  // namespace assembler::plugin
