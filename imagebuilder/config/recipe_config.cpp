// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/config/recipe_config.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "imagebuilder/recipe_actions.h"
#include "ovfkit/env/config/config_template.h"
#include "ovfkit/env/config/config_value.h"

namespace imagebuilder {

namespace {

using base::YamlKeys;
using base::YamlNode;
using ovfkit::ConfigType;

std::vector<std::string> config_units(YamlKeys& keys, std::string_view name) {
    std::vector<std::string> units;
    if (const auto node = keys.find(name)) {
        for (const std::string& word : texts_of(*node)) {
            if (word.empty() || word.front() == '-' ||
                word.find_first_of(" \t\n/*?") != std::string::npos) {
                node->fail(fmt::format("'{}' is not a unit name", word));
            }
            units.push_back(ovfkit::unit_name(word));
        }
    }
    return units;
}

ConfigType config_type_of(const YamlNode& node) {
    const std::string written = node.as_string();
    const auto type = ovfkit::find_config_type(written);
    if (!type) {
        const auto names = ovfkit::config_type_names();
        const auto similar = base::find_similar(written, names);
        node.fail(fmt::format("unknown type '{}'{}", written,
                              similar ? fmt::format(", did you mean '{}'?", *similar) : ""),
                  fmt::format("types are {}", fmt::join(names, ", ")));
    }
    return *type;
}

std::optional<std::int64_t> config_limit(const std::optional<YamlNode>& node, ConfigType type) {
    if (!node) {
        return std::nullopt;
    }
    try {
        return ovfkit::parse_config_limit(type, node->as_string());
    } catch (const base::Error& error) {
        node->fail(error.message(), error.hint());
    }
}

// `from: output db`
std::string output_name_of(const YamlNode& node) {
    const std::string text = node.as_string();
    constexpr std::string_view kBegin = "output ";
    const std::string name = text.starts_with(kBegin) ? text.substr(kBegin.size()) : "";
    if (name.empty() || name.find(' ') != std::string::npos) {
        node.fail(fmt::format("'{}' is no source of a value", text), "write 'from: output NAME'");
    }
    return name;
}

void parse_key_details(YamlKeys& keys, DeclaredKey& declared) {
    ovfkit::ConfigKey& key = declared.key;
    const auto take = [&](std::string_view name, auto&& use) {
        if (const auto node = keys.find(name)) {
            declared.members.emplace(name);
            use(*node);
        }
    };
    take("type", [&](const YamlNode& node) { key.type = config_type_of(node); });
    take("required", [&](const YamlNode& node) { key.required = node.as_bool(); });
    take("editable", [&](const YamlNode& node) { key.editable = node.as_bool(); });
    take("default", [&](const YamlNode& node) { key.default_value = node.as_string(); });
    take("secret", [&](const YamlNode& node) { key.secret = node.as_bool(); });
    take("label", [&](const YamlNode& node) { key.label = node.as_string(); });
    take("description", [&](const YamlNode& node) { key.description = node.as_string(); });
    take("pattern", [&](const YamlNode& node) { key.pattern = node.as_string(); });
    take("values", [&](const YamlNode& node) { key.values = texts_of(node); });
    take("from", [&](const YamlNode& node) { declared.output = output_name_of(node); });
    take("file", [&](const YamlNode& node) { declared.file = absolute_path_of(node); });
    take("min", [&](const YamlNode& node) { key.minimum = config_limit(node, key.type); });
    take("max", [&](const YamlNode& node) { key.maximum = config_limit(node, key.type); });
    for (const char* name : {"restart", "reload"}) {
        if (keys.find(name)) {
            declared.members.emplace(name);
        }
    }
    key.restart = config_units(keys, "restart");
    key.reload = config_units(keys, "reload");
    key.secret = key.secret || key.type == ConfigType::password;
}

DeclaredKey parse_key(const std::string& name, const YamlNode& node) {
    DeclaredKey declared;
    declared.where = node.where();
    declared.key.name = name;
    if (!ovfkit::is_config_key_name(name)) {
        node.fail(fmt::format("'{}' cannot be the name of a key", name),
                  "letters, digits, '.', '-' and '_', not beginning with 'ip.', 'ips.' or "
                  "'muster.'");
    }
    if (node.type() == YamlNode::Type::scalar) {  // short for a default
        declared.key.default_value = node.as_string();
        declared.members = {"default"};
        return declared;
    }
    YamlKeys keys(node, fmt::format("key '{}'", name));
    parse_key_details(keys, declared);
    keys.finish();
    return declared;
}

DeclaredFile parse_template(const YamlNode& node) {
    YamlKeys keys(node, "template");
    DeclaredFile declared;
    declared.where = node.where();
    declared.file.path = absolute_path_of(keys.require("file"));
    const auto from = keys.find("from");
    const auto content = keys.find("content");
    if (from && content) {
        node.fail("a template has either 'from' or 'content'");
    }
    if (from) {
        declared.from = path_beside_recipe(*from);
    }
    if (content) {
        declared.file.text = content->as_string();
    }
    declared.in_image = !from && !content;
    const auto owner = keys.find("owner");
    const auto permissions = keys.find("permissions");
    if (declared.in_image && (owner || permissions)) {
        (owner ? owner : permissions)
            ->fail("a file that the image has keeps its owner and permissions",
                   "leave them out, or give the text by 'from' or 'content'");
    }
    if (owner) {
        declared.file.owner = owner_of(*owner);
    }
    if (permissions) {
        declared.file.permissions = permissions_of(*permissions);
    }
    declared.file.restart = config_units(keys, "restart");
    declared.file.reload = config_units(keys, "reload");
    if (const auto keep = keys.find("keep_default")) {
        declared.keep_default = keep->as_bool();
        if (declared.keep_default && declared.in_image) {
            keep->fail("the file is the template itself, and has to be replaced");
        }
    }
    keys.finish();
    return declared;
}

// Keys with `file:` share one entry for each path.
void add_files_of_keys(RecipeConfig& config) {
    for (const DeclaredKey& key : config.keys) {
        const bool known = key.file.empty() || std::any_of(config.files.begin(), config.files.end(),
                                                           [&](const DeclaredFile& one) {
                                                               return one.file.path == key.file;
                                                           });
        if (!known) {
            DeclaredFile file;
            file.file.path = key.file;
            file.in_image = true;
            file.where = key.where;
            config.files.push_back(std::move(file));
        }
    }
}

std::string endpoint_text(YamlKeys& keys, std::string_view name) {
    const auto node = keys.find(name);
    return node ? node->as_string() : "";
}

void check_endpoint_name(const std::string& name, const YamlNode& node) {
    if (name.empty() || name.size() > 64 ||
        name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") != std::string::npos) {
        node.fail(fmt::format("'{}' cannot be the name of an endpoint", name),
                  "small letters, digits, '-' and '_', at most 64");
    }
}

void parse_endpoints(const YamlNode& node, RecipeConfig& config) {
    YamlKeys keys(node, "endpoints");
    if (const auto inputs = keys.find("inputs")) {
        for (const auto& [name, value] : inputs->as_map()) {
            check_endpoint_name(name, value);
            YamlKeys members(value, fmt::format("input '{}'", name));
            config.inputs.push_back(
                {{name, endpoint_text(members, "protocol"), members.require("port").as_string()},
                 value.where()});
            members.finish();
        }
    }
    if (const auto outputs = keys.find("outputs")) {
        for (const auto& [name, value] : outputs->as_map()) {
            check_endpoint_name(name, value);
            YamlKeys members(value, fmt::format("output '{}'", name));
            DeclaredOutput declared{
                {name, endpoint_text(members, "protocol"), std::nullopt,
                 endpoint_text(members, "host"), endpoint_text(members, "port")},
                value.where()};
            if (const auto port = members.find("default_port")) {
                const std::int64_t number = port->as_int();
                if (number < 1 || number > 65'535) {
                    port->fail(fmt::format("{} is not a port", number));
                }
                declared.output.default_port = static_cast<std::uint16_t>(number);
            }
            members.finish();
            config.outputs.push_back(std::move(declared));
        }
    }
    keys.finish();
}

}  // namespace

RecipeConfig parse_recipe_config(base::YamlKeys& keys) {
    RecipeConfig config;
    if (const auto node = keys.find("config")) {
        for (const auto& [name, value] : node->as_map()) {
            config.keys.push_back(parse_key(name, value));
        }
    }
    if (const auto node = keys.find("endpoints")) {
        parse_endpoints(*node, config);
    }
    if (const auto node = keys.find("templates")) {
        for (const YamlNode& item : node->as_sequence()) {
            config.files.push_back(parse_template(item));
        }
    }
    add_files_of_keys(config);
    return config;
}

}  // namespace imagebuilder
