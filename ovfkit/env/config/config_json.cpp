// SPDX-License-Identifier: Apache-2.0
// The JSON of a schema: hvruntime/doc/guest_config.md says what it may hold.
#include <algorithm>
#include <cctype>
#include <charconv>
#include <filesystem>

#include <fmt/format.h>

#include "base/error.h"
#include "base/json.h"
#include "ovfkit/env/config/config_schema.h"
#include "ovfkit/env/config/config_template.h"

namespace ovfkit {

namespace {

using base::Error;
using base::ErrorKind;
using base::Json;

constexpr int kConfigVersion = 1;
constexpr std::size_t kMostConfigKeys = 1024;
constexpr std::size_t kMostConfigFiles = 256;

[[noreturn]] void refuse_config(std::string message, std::string hint = "") {
    throw Error(ErrorKind::invalid_input, std::move(message), std::move(hint));
}

// Numbers and booleans as people would write them in a text.
std::optional<std::string> optional_text(const Json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end() || found->is_null()) {
        return std::nullopt;
    }
    if (found->is_string()) {
        return found->get<std::string>();
    }
    if (found->is_number() || found->is_boolean()) {
        return base::to_json_text(*found);
    }
    refuse_config(fmt::format("'{}' must be a text", name));
}

bool flag_at(const Json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end()) {
        return false;
    }
    if (!found->is_boolean()) {
        refuse_config(fmt::format("'{}' must be true or false", name));
    }
    return found->get<bool>();
}

std::optional<std::int64_t> optional_number(const Json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end() || found->is_null()) {
        return std::nullopt;
    }
    if (!found->is_number_integer()) {
        refuse_config(fmt::format("'{}' must be a whole number", name));
    }
    if (found->is_number_unsigned() && found->get<std::uint64_t>() > INT64_MAX) {
        refuse_config(fmt::format("'{}' is too large", name));
    }
    return found->get<std::int64_t>();
}

std::vector<std::string> texts_at(const Json& object, const char* name) {
    std::vector<std::string> texts;
    const auto found = object.find(name);
    if (found == object.end()) {
        return texts;
    }
    if (!found->is_array()) {
        refuse_config(fmt::format("'{}' must be a list", name));
    }
    for (const Json& item : *found) {
        if (!item.is_string()) {
            refuse_config(fmt::format("'{}' must be a list of texts", name));
        }
        texts.push_back(item.get<std::string>());
    }
    return texts;
}

// Words that become arguments of systemctl.
std::vector<std::string> units_at(const Json& object, const char* name) {
    std::vector<std::string> units = texts_at(object, name);
    for (std::string& unit : units) {
        const bool good = !unit.empty() && unit.front() != '-' &&
                          std::all_of(unit.begin(), unit.end(), [](unsigned char c) {
                              return c > 0x20 && c < 0x7f && c != '/' && c != '*' && c != '?';
                          });
        if (!good) {
            refuse_config(fmt::format("'{}' names no unit", name));
        }
        unit = unit_name(unit);
    }
    return units;
}

const Json& object_at(const Json& value, std::string_view what) {
    if (!value.is_object()) {
        refuse_config(fmt::format("{} must be an object", what));
    }
    return value;
}

ConfigKey key_of(const std::string& name, const Json& json) {
    if (!is_config_key_name(name)) {
        refuse_config("it cannot be the name of a key",
                      "letters, digits, '.', '-' and '_', not beginning with 'ip.', 'ips.' or "
                      "'muster.'");
    }
    object_at(json, "a key");
    ConfigKey key;
    key.name = name;
    const std::string type = optional_text(json, "type").value_or("string");
    const auto known = find_config_type(type);
    if (!known) {
        refuse_config(fmt::format("unknown type '{}'", type),
                      fmt::format("types are {}", fmt::join(config_type_names(), ", ")));
    }
    key.type = *known;
    key.required = flag_at(json, "required");
    key.secret = flag_at(json, "secret") || key.type == ConfigType::password;
    key.editable = flag_at(json, "editable");
    key.default_value = optional_text(json, "default");
    key.minimum = optional_number(json, "min");
    key.maximum = optional_number(json, "max");
    key.pattern = optional_text(json, "pattern").value_or("");
    key.values = texts_at(json, "values");
    key.label = optional_text(json, "label").value_or("");
    key.description = optional_text(json, "description").value_or("");
    key.restart = units_at(json, "restart");
    key.reload = units_at(json, "reload");
    return key;
}

unsigned permissions_at(const Json& json) {
    const std::string text = optional_text(json, "permissions").value_or("0644");
    unsigned mode = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
    if (error != std::errc() || end != text.data() + text.size() || mode > 07777U) {
        refuse_config(fmt::format("'{}' is not an octal mode", text));
    }
    return mode;
}

bool is_plain_path(const std::string& path) {
    const std::filesystem::path parts = path;
    return parts.is_absolute() && parts.has_filename() && path.find('\0') == std::string::npos &&
           std::none_of(parts.begin(), parts.end(),
                        [](const auto& part) { return part == ".." || part == "."; });
}

ConfigFile file_of(const Json& json) {
    object_at(json, "a file");
    ConfigFile file;
    file.path = base::require_string(json, "path");
    if (!is_plain_path(file.path)) {
        refuse_config(fmt::format("'{}' is not an absolute path of a file", file.path));
    }
    file.text = base::require_string(json, "template");
    base::in_context(fmt::format("'{}'", file.path), [&] { parse_config_template(file.text); });
    file.owner = optional_text(json, "owner").value_or("root:root");
    file.permissions = permissions_at(json);
    file.restart = units_at(json, "restart");
    file.reload = units_at(json, "reload");
    return file;
}

ConfigInput input_of(const std::string& name, const Json& json) {
    object_at(json, "an input");
    return {name, optional_text(json, "protocol").value_or(""),
            optional_text(json, "port").value_or("")};
}

ConfigOutput output_of(const std::string& name, const Json& json) {
    object_at(json, "an output");
    ConfigOutput output;
    output.name = name;
    output.protocol = optional_text(json, "protocol").value_or("");
    if (const auto port = optional_number(json, "default_port")) {
        if (*port < 1 || *port > 65'535) {
            refuse_config(fmt::format("{} is not a port", *port));
        }
        output.default_port = static_cast<std::uint16_t>(*port);
    }
    output.host_key = optional_text(json, "host").value_or("");
    output.port_key = optional_text(json, "port").value_or("");
    return output;
}

template <typename Item, typename Parse>
void take_named(const Json& json, const char* member, std::vector<Item>& items,
                const Parse& parse) {
    const auto found = json.find(member);
    if (found == json.end()) {
        return;
    }
    object_at(*found, fmt::format("'{}'", member));
    if (found->size() > kMostConfigKeys) {
        refuse_config(fmt::format("more than {} {}", kMostConfigKeys, member));
    }
    for (const auto& [name, value] : found->items()) {
        base::in_context(fmt::format("{} '{}'", member, name),
                         [&, &at = name, &one = value] { items.push_back(parse(at, one)); });
    }
}

ConfigSchema schema_of_json(const Json& json) {
    object_at(json, "the document");
    const auto version = json.find("version");
    if (version == json.end() || !version->is_number_integer()) {
        refuse_config("'version' must be a number");
    }
    if (version->get<std::int64_t>() != kConfigVersion) {
        throw Error(ErrorKind::unsupported,
                    fmt::format("version {} is not known", version->get<std::int64_t>()),
                    "a newer muster wrote it");
    }
    ConfigSchema schema;
    take_named(json, "keys", schema.keys, key_of);
    if (const auto files = json.find("files"); files != json.end()) {
        if (!files->is_array() || files->size() > kMostConfigFiles) {
            refuse_config(fmt::format("'files' must be a list of at most {}", kMostConfigFiles));
        }
        for (const Json& file : *files) {
            schema.files.push_back(file_of(file));
        }
    }
    if (const auto ends = json.find("endpoints"); ends != json.end()) {
        object_at(*ends, "'endpoints'");
        take_named(*ends, "inputs", schema.inputs, input_of);
        take_named(*ends, "outputs", schema.outputs, output_of);
    }
    return schema;
}

Json optional_json(const auto& value) {
    return value ? Json(*value) : Json(nullptr);
}

// What most keys do not have is left out.
Json json_of(const ConfigKey& key) {
    Json json{{"type", to_string(key.type)},
              {"required", key.required},
              {"default", optional_json(key.default_value)},
              {"secret", key.secret},
              {"restart", key.restart},
              {"reload", key.reload}};
    if (key.editable) {
        json["editable"] = true;
    }
    if (key.minimum) {
        json["min"] = *key.minimum;
    }
    if (key.maximum) {
        json["max"] = *key.maximum;
    }
    if (!key.values.empty()) {
        json["values"] = key.values;
    }
    for (const auto& [name, text] : {std::pair{"pattern", &key.pattern},
                                     {"label", &key.label},
                                     {"description", &key.description}}) {
        if (!text->empty()) {
            json[name] = *text;
        }
    }
    return json;
}

Json json_of(const ConfigFile& file) {
    return {{"path", file.path},       {"template", file.text},
            {"owner", file.owner},     {"permissions", fmt::format("{:04o}", file.permissions)},
            {"restart", file.restart}, {"reload", file.reload}};
}

Json endpoints_json(const ConfigSchema& schema) {
    Json inputs = Json::object();
    for (const ConfigInput& input : schema.inputs) {
        inputs[input.name] = {{"protocol", input.protocol}, {"port", input.port}};
    }
    Json outputs = Json::object();
    for (const ConfigOutput& output : schema.outputs) {
        outputs[output.name] = {{"protocol", output.protocol},
                                {"default_port", optional_json(output.default_port)},
                                {"host", output.host_key},
                                {"port", output.port_key}};
    }
    return {{"inputs", inputs}, {"outputs", outputs}};
}

}  // namespace

ConfigSchema parse_config_schema(std::string_view text, std::string_view what) {
    const Json json = base::parse_json(text, what);
    return base::in_context(std::string(what), [&] { return schema_of_json(json); });
}

std::string to_json_text(const ConfigSchema& schema) {
    Json json{{"version", kConfigVersion}, {"keys", Json::object()}, {"files", Json::array()}};
    for (const ConfigKey& key : schema.keys) {
        json["keys"][key.name] = json_of(key);
    }
    for (const ConfigFile& file : schema.files) {
        json["files"].push_back(json_of(file));
    }
    if (!schema.inputs.empty() || !schema.outputs.empty()) {
        json["endpoints"] = endpoints_json(schema);
    }
    return base::to_json_text(json, 2) + "\n";
}

}  // namespace ovfkit
