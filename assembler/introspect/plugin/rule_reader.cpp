// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/plugin/rule_reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"

namespace assembler::plugin {

namespace {

using base::YamlKeys;
using base::YamlNode;

// Names in braces replaced, so that the rest can be checked.
std::string without_names(std::string_view text) {
    std::string plain;
    while (!text.empty()) {
        const std::size_t open = std::min(text.find('{'), text.size());
        plain += text.substr(0, open);
        text.remove_prefix(open);
        const std::size_t close = text.find('}');
        if (text.empty() || close == std::string_view::npos) {
            break;
        }
        plain += 'x';
        text.remove_prefix(close + 1);
    }
    return plain;
}

std::uint16_t read_port(const YamlNode& node) {
    const std::int64_t port = node.as_int();
    if (port < 1 || port > 65535) {
        node.fail("a port is between 1 and 65535");
    }
    return static_cast<std::uint16_t>(port);
}

std::string text_or(YamlKeys& keys, std::string_view key, std::string fallback) {
    const auto node = keys.find(key);
    return node ? node->as_string() : std::move(fallback);
}

bool flag_of(YamlKeys& keys, std::string_view key) {
    const auto node = keys.find(key);
    return node && node->as_bool();
}

std::optional<ValueRule> value_of(YamlKeys& keys, std::string_view key) {
    const auto node = keys.find(key);
    return node ? std::optional(read_value_rule(*node)) : std::nullopt;
}

Conditions read_conditions(YamlKeys& keys) {
    Conditions conditions;
    if (const auto when = keys.find("when")) {
        conditions.when = read_paths(*when);
    }
    if (const auto unless = keys.find("unless")) {
        conditions.unless = read_paths(*unless);
    }
    return conditions;
}

ProtocolRule read_protocol(const YamlNode& node) {
    ProtocolRule rule;
    if (node.type() == YamlNode::Type::scalar) {
        rule.name = node.as_string();
        return rule;
    }
    YamlKeys keys(node, "protocol");
    if (const auto from = keys.find("from")) {
        rule.from = read_paths(*from);
    }
    if (const auto map = keys.find("map")) {
        for (const auto& [pattern, protocol] : map->as_map()) {
            rule.map.emplace_back(pattern, protocol.as_string());
        }
    }
    rule.words = text_or(keys, "words", "");
    rule.by_port = flag_of(keys, "by_port");
    if (const auto cases = keys.find("cases")) {
        for (const YamlNode& entry : cases->as_sequence()) {
            YamlKeys parts(entry, "case");
            PathTemplate when = read_path(parts.require("when"));
            rule.cases.emplace_back(std::move(when), parts.require("is").as_string());
            parts.finish();
        }
    }
    rule.fallback = text_or(keys, "default", "");
    keys.finish();
    return rule;
}

SourceFile read_source_file(const YamlNode& node) {
    SourceFile file;
    if (node.type() == YamlNode::Type::scalar) {
        file.pattern = node.as_string();
        return file;
    }
    YamlKeys keys(node, "file");
    file.before = text_or(keys, "before", "");
    file.from = read_path(keys.require("from"));
    file.pattern = text_or(keys, "then", "");
    file.module_name = flag_of(keys, "dots");
    keys.finish();
    return file;
}

IncludeRule read_include(const YamlNode& node) {
    IncludeRule rule;
    YamlKeys keys(node, "include");
    rule.select = read_path(keys.require("select"));
    rule.value = value_of(keys, "value").value_or(ValueRule{});
    rule.relative_to = text_or(keys, "relative_to", "{dir}");
    if (const auto folder = keys.find("folder")) {
        rule.folder = true;
        rule.suffix = folder->as_string();
    }
    if (const auto where = keys.find("where")) {
        const std::string word = where->as_string();
        if (word == "parent") {
            rule.where = IncludeRule::Where::parent;
        } else if (word == "below") {
            rule.where = IncludeRule::Where::below;
        } else if (word == "top") {
            rule.where = IncludeRule::Where::top;
        } else {
            where->fail(fmt::format("'{}' is none of parent, below, top", word));
        }
    }
    keys.finish();
    return rule;
}

LensOptions read_lens(YamlKeys& keys) {
    LensOptions lens;
    const YamlNode node = keys.require("lens");
    const auto kind = find_lens_kind(node.as_string());
    if (!kind) {
        node.fail(fmt::format("unknown lens '{}'", node.as_string()),
                  fmt::format("lenses: {}", fmt::join(lens_names(), ", ")));
    }
    lens.kind = *kind;
    lens.lower_names = flag_of(keys, "lower_names") || *kind == LensKind::apache;
    lens.dashes = flag_of(keys, "dashes");
    lens.nest = flag_of(keys, "nest");
    lens.documents = flag_of(keys, "documents");
    if (const auto sections = keys.find("sections")) {
        lens.sections = read_texts(*sections);
    }
    if (const auto patterns = keys.find("patterns")) {
        lens.line_patterns = read_texts(*patterns);
    }
    return lens;
}

void read_needs(const YamlNode& node, EndpointRule& rule) {
    for (const std::string& word : read_texts(node)) {
        if (word == "scheme") {
            rule.needs_scheme = true;
        } else if (word == "port") {
            rule.needs_port = true;
        } else if (word == "protocol") {
            rule.needs_protocol = true;
        } else {
            node.fail(fmt::format("'{}' is none of scheme, port, protocol", word));
        }
    }
}

}  // namespace

PathTemplate read_path(const YamlNode& node) {
    PathTemplate path;
    path.text = node.as_string();
    path.has_names = path.text.find('{') != std::string::npos;
    try {
        path.path = parse_query(path.has_names ? without_names(path.text) : path.text);
    } catch (const base::Error& error) {
        node.fail(error.message(), error.hint());
    }
    return path;
}

std::vector<PathTemplate> read_paths(const YamlNode& node) {
    std::vector<PathTemplate> paths;
    if (node.type() == YamlNode::Type::sequence) {
        for (const YamlNode& entry : node.as_sequence()) {
            paths.push_back(read_path(entry));
        }
    } else {
        paths.push_back(read_path(node));
    }
    return paths;
}

std::vector<std::string> read_texts(const YamlNode& node) {
    std::vector<std::string> texts;
    if (node.type() == YamlNode::Type::sequence) {
        for (const YamlNode& entry : node.as_sequence()) {
            texts.push_back(entry.as_string());
        }
    } else {
        texts.push_back(node.as_string());
    }
    return texts;
}

ValueRule read_value_rule(const YamlNode& node) {
    ValueRule rule;
    if (node.type() != YamlNode::Type::map) {
        rule.from = read_paths(node);
        return rule;
    }
    YamlKeys keys(node, "value");
    if (const auto from = keys.find("from")) {
        rule.from = read_paths(*from);
    }
    rule.fallback = text_or(keys, "default", "");
    rule.split = text_or(keys, "split", "");
    rule.strip = text_or(keys, "strip", "");
    if (const auto pick = keys.find("pick")) {
        if (pick->as_string() != "last") {
            pick->fail("'pick' is 'last' or left out");
        }
        rule.only_last = true;
    }
    keys.finish();
    return rule;
}

SourceRule read_source(const std::string& name, const YamlNode& node) {
    SourceRule source;
    source.name = name;
    YamlKeys keys(node, fmt::format("source '{}'", name));
    if (const auto nodes = keys.find("nodes")) {
        source.nodes = read_path(*nodes);
    } else if (const auto assignments = keys.find("assignments")) {
        source.nodes = read_path(*assignments);
        source.nodes_are_assignments = true;
    } else {
        source.lens = read_lens(keys);
        if (const auto values = keys.find("values")) {
            source.values = read_paths(*values);
        } else {
            const YamlNode files = keys.require("files");
            if (files.type() == YamlNode::Type::sequence) {
                for (const YamlNode& file : files.as_sequence()) {
                    source.files.push_back(read_source_file(file));
                }
            } else {
                source.files.push_back(read_source_file(files));
            }
        }
    }
    source.first = flag_of(keys, "first");
    source.relative_to = text_or(keys, "relative_to", "");
    source.into = text_or(keys, "into", "");
    if (const auto overrides = keys.find("overrides")) {
        source.overrides = read_texts(*overrides);
    }
    if (const auto drop = keys.find("drop")) {
        for (const YamlNode& entry : drop->as_sequence()) {
            source.drop.push_back(read_prune(entry));
        }
    }
    if (const auto includes = keys.find("include")) {
        for (const YamlNode& include : includes->as_sequence()) {
            source.includes.push_back(read_include(include));
        }
    }
    keys.finish();
    return source;
}

VariableRule read_variable(const YamlNode& node) {
    VariableRule rule;
    if (node.type() == YamlNode::Type::scalar) {
        rule.select = read_path(node);
        return rule;
    }
    YamlKeys keys(node, "variable");
    rule.select = read_path(keys.require("select"));
    if (const auto name = keys.find("name")) {
        rule.name_value = static_cast<std::size_t>(std::max<std::int64_t>(1, name->as_int()));
    }
    if (const auto value = keys.find("value")) {
        rule.value = static_cast<std::size_t>(std::max<std::int64_t>(1, value->as_int()));
    }
    rule.dotted = flag_of(keys, "dotted");
    rule.strip = text_or(keys, "strip", "");
    keys.finish();
    return rule;
}

PruneRule read_prune(const YamlNode& node) {
    YamlKeys keys(node, "entry of 'prune'");
    PruneRule rule;
    rule.select = read_path(keys.require("select"));
    rule.conditions = read_conditions(keys);
    keys.finish();
    return rule;
}

GroupRule read_group(const std::string& name, const YamlNode& node) {
    YamlKeys keys(node, fmt::format("group '{}'", name));
    GroupRule rule;
    rule.name = name;
    rule.select = read_path(keys.require("select"));
    rule.key = read_value_rule(keys.require("key"));
    rule.members = read_path(keys.require("members"));
    rule.member = read_value_rule(keys.require("member"));
    rule.port = value_of(keys, "port");
    keys.finish();
    return rule;
}

EndpointRule read_endpoint_rule(const YamlNode& node, bool input) {
    YamlKeys keys(node, input ? "input" : "output");
    EndpointRule rule;
    rule.select = read_path(keys.require("select"));
    rule.name = text_or(keys, "name", "");
    rule.endpoint = value_of(keys, "endpoint");
    rule.port = value_of(keys, "port");
    if (input) {
        rule.address = value_of(keys, "address");
        rule.default_address = text_or(keys, "default_address", "0.0.0.0");
        rule.socket = text_or(keys, "socket", "");
    } else {
        rule.database = value_of(keys, "database");
        if (const auto through = keys.find("through")) {
            rule.through = read_texts(*through);
        }
    }
    rule.protocol = read_protocol(keys.require("protocol"));
    if (const auto tls = keys.find("tls")) {
        rule.tls = read_paths(*tls);
    }
    if (const auto port = keys.find("default_port")) {
        rule.default_port = read_port(*port);
    }
    if (const auto confidence = keys.find("confidence")) {
        const std::string text = confidence->as_string();
        if (text != "0.7" && text != "0.4") {
            confidence->fail("a confidence is 0.7 (a default of the program) or 0.4 (a guess)");
        }
        rule.confidence = text == "0.7" ? 0.7 : 0.4;
    }
    rule.conditions = read_conditions(keys);
    rule.except_names = NamePattern(text_or(keys, "except_names", ""));
    rule.except_hosts = NamePattern(text_or(keys, "except_hosts", ""));
    rule.except_protocols = NamePattern(text_or(keys, "except_protocols", ""));
    if (const auto needs = keys.find("needs")) {
        read_needs(*needs, rule);
    }
    keys.finish();
    return rule;
}

PropertyRule read_property(const YamlNode& node) {
    YamlKeys keys(node, "property");
    PropertyRule rule;
    rule.select = read_path(keys.require("select"));
    rule.key = text_or(keys, "key", "");
    rule.value = value_of(keys, "value").value_or(ValueRule{});
    rule.editable = flag_of(keys, "editable");
    rule.secret = flag_of(keys, "secret");
    keys.finish();
    return rule;
}

}  // namespace assembler::plugin
