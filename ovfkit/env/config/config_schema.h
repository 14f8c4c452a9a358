// SPDX-License-Identifier: Apache-2.0
// What an image can be told: typed keys, the files that are made of their values, and what the
// machine offers (inputs) and needs (outputs). Declared in a recipe, carried in the image as
// /etc/muster/config.d/NAME.json (hvruntime/doc/guest_config.md) and in its build record. Plain
// values; the guest program links this.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ovfkit {

enum class ConfigType {
    string,
    integer,
    boolean,
    port,
    host,   // a name or an address
    hosts,  // several, with commas or spaces between
    ip,
    url,
    email,
    password,
    size,         // "64 MiB"
    duration,     // "30 s"
    enumeration,  // one of `values`
};
std::string_view to_string(ConfigType type);  // "string", "int", "bool", …, "enum"
std::optional<ConfigType> find_config_type(std::string_view name);
std::vector<std::string> config_type_names();

struct ConfigKey {
    std::string name;  // "db.host"
    ConfigType type = ConfigType::string;
    bool required = false;
    bool secret = false;    // always for passwords
    bool editable = false;  // meant to be changed by the user
    std::optional<std::string> default_value;
    // Of the number; of the bytes of a size and the milliseconds of a duration; of the characters
    // of a text.
    std::optional<std::int64_t> minimum;
    std::optional<std::int64_t> maximum;
    std::string pattern;              // POSIX extended regular expression for the whole value
    std::vector<std::string> values;  // empty: any
    std::string label;
    std::string description;
    std::vector<std::string> restart;  // units, when the value changes
    std::vector<std::string> reload;

    bool operator==(const ConfigKey&) const = default;
};

struct ConfigFile {
    std::string path;  // absolute, in the image
    std::string text;  // a template, see config_template.h
    std::string owner = "root:root";
    unsigned permissions = 0644;
    std::vector<std::string> restart;  // units, when the text changes
    std::vector<std::string> reload;

    bool operator==(const ConfigFile&) const = default;
};

struct ConfigInput {
    std::string name;  // "http"
    std::string protocol;
    std::string port;  // "8080", or "${http.port}"

    bool operator==(const ConfigInput&) const = default;
};

struct ConfigOutput {
    std::string name;  // "db"
    std::string protocol;
    std::optional<std::uint16_t> default_port;
    std::string host_key;  // the keys that say where the other end is; may be empty
    std::string port_key;

    bool operator==(const ConfigOutput&) const = default;
};

struct ConfigSchema {
    std::vector<ConfigKey> keys;
    std::vector<ConfigFile> files;
    std::vector<ConfigInput> inputs;
    std::vector<ConfigOutput> outputs;

    bool empty() const {
        return keys.empty() && files.empty() && inputs.empty() && outputs.empty();
    }
    const ConfigKey* find_key(std::string_view name) const;
    bool operator==(const ConfigSchema&) const = default;
};

// Letters, digits, '.', '-' and '_', beginning with a letter or digit; not of the families that
// have a meaning elsewhere (ip., ips., muster.).
bool is_config_key_name(std::string_view name);
// "nginx" is "nginx.service".
std::string unit_name(std::string_view word);

// Throws invalid_input naming `what` and the place in the document, unsupported for a later
// version. Members that are not known are skipped.
ConfigSchema parse_config_schema(std::string_view text, std::string_view what);
std::string to_json_text(const ConfigSchema& schema);

// A key or file of `more` replaces the one of the same name or path.
void merge_config_schema(ConfigSchema& schema, ConfigSchema more);

}  // namespace ovfkit
