// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "assembler/introspect/plugin/plugin.h"
#include "assembler/introspect/plugin/rule_reader.h"
#include "base/error.h"
#include "base/yaml.h"

namespace assembler {

namespace plugin {

namespace {

namespace fs = std::filesystem;
using base::YamlKeys;
using base::YamlNode;

std::vector<NamePattern> patterns_of(YamlKeys& keys, std::string_view key) {
    std::vector<NamePattern> patterns;
    if (const auto node = keys.find(key)) {
        for (const std::string& text : read_texts(*node)) {
            patterns.emplace_back(text);
        }
    }
    return patterns;
}

Applies read_applies(const YamlNode& node) {
    YamlKeys keys(node, "'applies'");
    Applies applies;
    applies.packages = patterns_of(keys, "packages");
    applies.services = patterns_of(keys, "services");
    applies.programs = patterns_of(keys, "programs");
    applies.commands = patterns_of(keys, "commands");
    applies.scripts = patterns_of(keys, "scripts");
    if (const auto files = keys.find("files")) {
        applies.files = read_texts(*files);
    }
    if (const auto unclaimed = keys.find("unclaimed_services")) {
        applies.unclaimed_services = unclaimed->as_bool();
    }
    keys.finish();
    return applies;
}

void read_per(YamlKeys& keys, Plugin& plugin) {
    const auto per = keys.find("per");
    const std::string word = per ? per->as_string() : "machine";
    if (word == "machine") {
        plugin.per = Plugin::Per::machine;
    } else if (word == "file") {
        plugin.per = Plugin::Per::file;
    } else if (word == "service") {
        plugin.per = Plugin::Per::service;
    } else if (word == "node") {
        plugin.per = Plugin::Per::node;
        plugin.node = read_path(keys.require("node"));
        if (const auto name = keys.find("instance")) {
            plugin.node_name = read_value_rule(*name);
        }
        if (const auto keep = keys.find("keep")) {
            plugin.keep = read_paths(*keep);
        }
    } else {
        per->fail(fmt::format("'{}' is none of machine, file, service, node", word));
    }
}

// What a plug-in and a rule set have in common.
void read_rules(YamlKeys& keys, Plugin& plugin) {
    const auto each = [&](std::string_view key, const auto& read) {
        if (const auto node = keys.find(key)) {
            for (const YamlNode& entry : node->as_sequence()) {
                read(entry);
            }
        }
    };
    const auto each_named = [&](std::string_view key, const auto& read) {
        if (const auto node = keys.find(key)) {
            for (const auto& [name, entry] : node->as_map()) {
                read(name, entry);
            }
        }
    };
    each_named("sources", [&](const std::string& name, const YamlNode& node) {
        plugin.sources.push_back(read_source(name, node));
    });
    each("variables", [&](const YamlNode& n) { plugin.variables.push_back(read_variable(n)); });
    each("prune", [&](const YamlNode& n) { plugin.prune.push_back(read_prune(n)); });
    each_named("groups", [&](const std::string& name, const YamlNode& node) {
        plugin.groups.push_back(read_group(name, node));
    });
    each("inputs",
         [&](const YamlNode& n) { plugin.inputs.push_back(read_endpoint_rule(n, true)); });
    each("outputs",
         [&](const YamlNode& n) { plugin.outputs.push_back(read_endpoint_rule(n, false)); });
    each("properties", [&](const YamlNode& n) { plugin.properties.push_back(read_property(n)); });
}

void check_names(const YamlNode& node, const Plugin& plugin) {
    const auto has_source = [&](const std::string& name) {
        return name == "environment" || name == "config" || name == "command" ||
               std::any_of(plugin.sources.begin(), plugin.sources.end(),
                           [&](const SourceRule& source) { return source.name == name; });
    };
    for (const SourceRule& source : plugin.sources) {
        if (!source.into.empty() && !has_source(source.into)) {
            node.fail(
                fmt::format("source '{}' goes into '{}', which is none", source.name, source.into));
        }
    }
    for (const EndpointRule& rule : plugin.outputs) {
        for (const std::string& name : rule.through) {
            const bool known =
                std::any_of(plugin.groups.begin(), plugin.groups.end(),
                            [&](const GroupRule& group) { return group.name == name; });
            if (!known) {
                node.fail(
                    fmt::format("an output goes through the group '{}', which is none", name));
            }
        }
    }
}

struct LoadedFile {
    Plugin plugin;
    bool is_rule_set = false;
    YamlNode node;
};

LoadedFile read_plugin_file(const std::string& path) {
    const YamlNode node = base::read_yaml(path);
    YamlKeys keys(node, "plug-in");
    LoadedFile loaded{{}, false, node};
    Plugin& plugin = loaded.plugin;
    plugin.file = path;
    if (const auto rules = keys.find("rules")) {
        plugin.name = rules->as_string();
        loaded.is_rule_set = true;
    } else {
        plugin.name = keys.require("name").as_string();
        if (const auto order = keys.find("order")) {
            plugin.order = static_cast<int>(order->as_int());
        }
        plugin.applies = read_applies(keys.require("applies"));
        read_per(keys, plugin);
        if (const auto name = keys.find("component")) {
            plugin.component = name->as_string();
        }
        if (const auto name = keys.find("component_of_many")) {
            plugin.component_of_many = name->as_string();
        }
        if (const auto units = keys.find("units")) {
            plugin.units = read_texts(*units);
        }
        if (const auto infrastructure = keys.find("infrastructure")) {
            plugin.infrastructure = infrastructure->as_bool();
        }
        if (const auto workdir = keys.find("workdir")) {
            plugin.workdir = workdir->as_string();
            if (plugin.workdir.find("{dir:") != std::string::npos) {
                workdir->fail("the working folder cannot begin at itself, use {value:PATH}");
            }
        }
        if (const auto when = keys.find("enabled_when")) {
            plugin.enabled_when = read_paths(*when);
        }
        if (const auto unless = keys.find("enabled_unless")) {
            plugin.enabled_unless = read_paths(*unless);
        }
        if (const auto only = keys.find("only_with_outputs")) {
            plugin.only_with_outputs = only->as_bool();
        }
        if (const auto hosts = keys.find("local_hosts")) {
            plugin.local_hosts = read_path(*hosts);
        }
    }
    if (const auto uses = keys.find("use")) {
        plugin.uses = read_texts(*uses);
    }
    read_rules(keys, plugin);
    keys.finish();
    return loaded;
}

template <typename T>
void append(std::vector<T>& to, const std::vector<T>& from) {
    to.insert(to.end(), from.begin(), from.end());
}

void add_rules(const std::string& name, const std::map<std::string, LoadedFile>& files,
               Plugin& plugin, const YamlNode& node, int depth) {
    const auto found = files.find("rules " + name);
    constexpr int kMaxDepth = 8;
    if (found == files.end() || depth > kMaxDepth) {
        node.fail(found == files.end() ? fmt::format("there is no rule set '{}'", name)
                                       : fmt::format("rule set '{}' uses itself", name));
    }
    const Plugin& rules = found->second.plugin;
    append(plugin.sources, rules.sources);
    append(plugin.variables, rules.variables);
    append(plugin.prune, rules.prune);
    append(plugin.groups, rules.groups);
    append(plugin.inputs, rules.inputs);
    append(plugin.outputs, rules.outputs);
    append(plugin.properties, rules.properties);
    for (const std::string& next : rules.uses) {
        add_rules(next, files, plugin, found->second.node, depth + 1);
    }
}

std::vector<fs::path> plugin_files(const std::string& folder) {
    if (!fs::is_directory(folder)) {
        throw base::Error(base::ErrorKind::not_found,
                          fmt::format("there is no folder of plug-ins '{}'", folder));
    }
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(folder)) {
        if (entry.is_regular_file() && entry.path().extension() == ".yaml") {
            paths.push_back(entry.path());
        }
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

}  // namespace

}  // namespace plugin

std::vector<Plugin> load_plugins(const std::vector<std::string>& folders) {
    std::map<std::string, plugin::LoadedFile> files;
    for (const std::string& folder : folders) {
        for (const auto& path : plugin::plugin_files(folder)) {
            plugin::LoadedFile loaded = plugin::read_plugin_file(path.string());
            std::string key = (loaded.is_rule_set ? "rules " : "plugin ") + loaded.plugin.name;
            files.insert_or_assign(std::move(key), std::move(loaded));
        }
    }
    std::vector<Plugin> plugins;
    for (const auto& [key, loaded] : files) {
        if (loaded.is_rule_set) {
            continue;
        }
        Plugin plugin = loaded.plugin;
        for (const std::string& name : plugin.uses) {
            plugin::add_rules(name, files, plugin, loaded.node, 0);
        }
        plugin::check_names(loaded.node, plugin);
        plugins.push_back(std::move(plugin));
    }
    std::stable_sort(plugins.begin(), plugins.end(),
                     [](const Plugin& a, const Plugin& b) { return a.order < b.order; });
    return plugins;
}

std::optional<std::string> find_plugin_folder() {
    if (const char* chosen = std::getenv("MUSTER_INTROSPECT")) {
        return std::string(chosen);
    }
    const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe");
    const auto folder = program.parent_path().parent_path() / "share/muster/introspect";
    return std::filesystem::is_directory(folder) ? std::optional(folder.string()) : std::nullopt;
}

}  // namespace assembler
