// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/env/config/config_schema.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace ovfkit {

namespace {

struct ConfigTypeName {
    ConfigType type;
    std::string_view name;
};

constexpr std::array<ConfigTypeName, 13> kConfigTypes{{
    {ConfigType::string, "string"},
    {ConfigType::integer, "int"},
    {ConfigType::boolean, "bool"},
    {ConfigType::port, "port"},
    {ConfigType::host, "host"},
    {ConfigType::hosts, "hosts"},
    {ConfigType::ip, "ip"},
    {ConfigType::url, "url"},
    {ConfigType::email, "email"},
    {ConfigType::password, "password"},
    {ConfigType::size, "size"},
    {ConfigType::duration, "duration"},
    {ConfigType::enumeration, "enum"},
}};

template <typename Item, typename Name>
void merge_by(std::vector<Item>& items, std::vector<Item>&& more, Name Item::*name) {
    for (Item& item : more) {
        const auto found = std::find_if(items.begin(), items.end(),
                                        [&](const Item& one) { return one.*name == item.*name; });
        if (found == items.end()) {
            items.push_back(std::move(item));
        } else {
            *found = std::move(item);
        }
    }
}

}  // namespace

std::string_view to_string(ConfigType type) {
    const auto found = std::find_if(kConfigTypes.begin(), kConfigTypes.end(),
                                    [&](const auto& one) { return one.type == type; });
    return found == kConfigTypes.end() ? "string" : found->name;
}

std::optional<ConfigType> find_config_type(std::string_view name) {
    const auto found = std::find_if(kConfigTypes.begin(), kConfigTypes.end(),
                                    [&](const auto& one) { return one.name == name; });
    return found == kConfigTypes.end() ? std::nullopt : std::optional(found->type);
}

std::vector<std::string> config_type_names() {
    std::vector<std::string> names;
    for (const ConfigTypeName& one : kConfigTypes) {
        names.emplace_back(one.name);
    }
    return names;
}

const ConfigKey* ConfigSchema::find_key(std::string_view name) const {
    const auto found = std::find_if(keys.begin(), keys.end(),
                                    [&](const ConfigKey& key) { return key.name == name; });
    return found == keys.end() ? nullptr : &*found;
}

bool is_config_key_name(std::string_view name) {
    const auto is_good = [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
    };
    return !name.empty() && name.size() <= 128 &&
           std::isalnum(static_cast<unsigned char>(name.front())) != 0 && name.back() != '.' &&
           name.find("..") == std::string_view::npos && !name.starts_with("ip.") &&
           !name.starts_with("ips.") && !name.starts_with("muster.") &&
           std::all_of(name.begin(), name.end(), is_good);
}

std::string unit_name(std::string_view word) {
    constexpr std::array<std::string_view, 7> kSuffixes{".service", ".socket", ".target", ".timer",
                                                        ".path",    ".mount",  ".slice"};
    const bool whole = std::any_of(kSuffixes.begin(), kSuffixes.end(),
                                   [&](std::string_view end) { return word.ends_with(end); });
    return std::string(word) + (whole ? "" : ".service");
}

void merge_config_schema(ConfigSchema& schema, ConfigSchema more) {
    merge_by(schema.keys, std::move(more.keys), &ConfigKey::name);
    merge_by(schema.files, std::move(more.files), &ConfigFile::path);
    merge_by(schema.inputs, std::move(more.inputs), &ConfigInput::name);
    merge_by(schema.outputs, std::move(more.outputs), &ConfigOutput::name);
}

}  // namespace ovfkit
