// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/plugin/rules/protocol_rule.h"

#include <optional>

#include "assembler/introspect/plugin/endpoint/protocols.h"

namespace assembler::plugin {

namespace {

// What a setting says; "": it was looked up in the map and says nothing.
std::optional<std::string> protocol_of_setting(const ProtocolRule& rule, const std::string& text) {
    for (const auto& [pattern, name] : rule.map) {
        if (NamePattern(pattern).match(text)) {
            return name;
        }
    }
    if (auto known = find_protocol_of_scheme(text); known && known != "tcp") {
        return known;
    }
    return find_protocol_of_words(text);
}

}  // namespace

std::string protocol_of(const Settings& settings, const ProtocolRule& rule,
                        const RuleContext& context, std::string_view scheme, std::uint16_t port,
                        bool* guessed) {
    const auto of_scheme = find_protocol_of_scheme(scheme);
    const bool vague = of_scheme == "tcp" || of_scheme == "udp";
    if (of_scheme && !vague) {
        return *of_scheme;
    }
    if (!rule.name.empty()) {
        return rule.name;
    }
    std::optional<std::string> found;
    for (const PathTemplate& path : rule.from) {
        for (const TracedText& value : settings.values(path, context)) {
            found = found ? found : protocol_of_setting(rule, settings.expand(value).text());
        }
    }
    if (!found && !rule.words.empty()) {
        const auto words = settings.fill(rule.words, context);
        found = words ? find_protocol_of_words(*words) : std::nullopt;
    }
    if (found.value_or("").empty() && rule.by_port) {
        found = find_protocol_of_port(port);
    }
    if (!found.value_or("").empty()) {
        return *found;
    }
    *guessed = true;
    for (const auto& [path, name] : rule.cases) {
        if (!settings.select(path, context).empty()) {
            return name;
        }
    }
    return rule.fallback.empty() && vague ? *of_scheme : rule.fallback;
}

}  // namespace assembler::plugin
