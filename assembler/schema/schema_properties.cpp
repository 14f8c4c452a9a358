// SPDX-License-Identifier: Apache-2.0
#include "assembler/schema/schema_properties.h"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/yaml.h"
#include "ovfkit/env/config/config_value.h"

namespace assembler {

namespace {

using ovfkit::ConfigKey;
using ovfkit::ConfigType;

// Properties that muster-guest knows by itself, whatever the image declares (hvruntime/guest).
bool is_known_to_guest(const std::string& key) {
    constexpr std::array<std::string_view, 6> kKeys{"hostname", "local-hostname", "instance-id",
                                                    "password", "public-keys",    "root-password"};
    return key.starts_with("muster.") || key.starts_with("com.oracle.linux.") ||
           std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end();
}

bool is_whole_number(ConfigType type) {
    return type == ConfigType::integer || type == ConfigType::port;
}

std::string_view class_of_type(std::string_view type) {
    return type == "string" || type == "boolean"                  ? type
           : type.starts_with("uint") || type.starts_with("sint") ? "whole number"
                                                                  : "number";
}

std::string quoted_choices(const std::vector<std::string>& values) {
    std::string text;
    for (const std::string& value : values) {
        text += text.empty() ? "\"" : ", \"";
        for (const char c : value) {
            text += c == '"' || c == '\\' ? std::string{'\\', c} : std::string(1, c);
        }
        text += '"';
    }
    return text;
}

// Where the assembly says it: "assembly.yaml:12:5: ".
std::string place_of(const AssemblyProperty& property) {
    return property.where.empty() ? "" : property.where + ": ";
}

bool has_own_value(const AssemblyProperty& property) {
    return property.default_value.has_value() || !property.value_template.empty() ||
           property.generate_length > 0;
}

void check_given(const AssemblyMachine& machine, const AssemblyProperty& property,
                 const ConfigKey& key, SchemaFindings& findings) {
    const auto fault = [&](const std::string& what) {
        findings.faults.push_back(fmt::format("{}property '{}' of machine '{}' {}",
                                              place_of(property), key.name, machine.name, what));
    };
    if (property.has_type && class_of_type(property.type) != class_of_type(property_type_of(key))) {
        fault(
            fmt::format("is of type {} in its image, not {}", to_string(key.type), property.type));
        return;
    }
    if (property.default_value && ovfkit::is_config_value(key, *property.default_value)) {
        if (const auto wrong = ovfkit::find_config_fault(key, *property.default_value)) {
            fault(fmt::format(
                "{}{}", key.secret ? "" : fmt::format("is '{}', which ", *property.default_value),
                *wrong));
        }
    }
    if (property.generate_length > 0 && key.type != ConfigType::string &&
        key.type != ConfigType::password) {
        fault(fmt::format("is of type {} and cannot be generated", to_string(key.type)));
    }
}

// `given`: the assembly names the property itself.
void complete_property(AssemblyProperty& property, const ConfigKey& key, bool given) {
    property.type = property_type_of(key);
    property.qualifiers = qualifiers_of(key);
    property.password = property.password || key.secret;
    property.required = property.required || key.required;
    if (property.label.empty()) {
        property.label = key.label;
    }
    if (property.description.empty()) {
        property.description = key.description;
    }
    // A value that the assembly fixes is not the user's to change, unless it says so.
    if (!property.has_user && key.editable && !(given && property.is_fixed)) {
        property.user = true;
    }
    if (!has_own_value(property)) {
        property.default_value = key.default_value;
    }
}

void check_required(const AssemblyMachine& machine, const AssemblyProperty& property,
                    const ConfigKey& key, bool asks_user, SchemaFindings& findings) {
    const bool has_value =
        !property.value_template.empty() || property.generate_length > 0 ||
        (property.default_value && ovfkit::is_config_value(key, *property.default_value));
    if (!key.required || has_value || property.user || asks_user) {
        return;
    }
    const auto& outputs = machine.schema->outputs;
    const auto output = std::find_if(outputs.begin(), outputs.end(), [&](const auto& one) {
        return one.host_key == key.name || one.port_key == key.name;
    });
    findings.faults.push_back(fmt::format(
        "{}machine '{}' gives no value for '{}', which its image requires ({})", place_of(property),
        machine.name, key.name,
        output == outputs.end()
            ? fmt::format("write it under properties, with 'required: true' to ask at deployment")
            : fmt::format("write 'connect: {{ {}: MACHINE }}'", output->name)));
}

}  // namespace

std::string property_type_of(const ConfigKey& key) {
    switch (key.type) {
        case ConfigType::boolean: return "boolean";
        case ConfigType::port: return "uint16";
        case ConfigType::integer: {
            const std::int64_t low = key.minimum.value_or(std::numeric_limits<std::int64_t>::min());
            const std::int64_t high =
                key.maximum.value_or(std::numeric_limits<std::int64_t>::max());
            const bool fits = low >= std::numeric_limits<std::int32_t>::min() &&
                              high <= std::numeric_limits<std::int32_t>::max();
            return fits ? "sint32" : "sint64";
        }
        default: return "string";
    }
}

std::string qualifiers_of(const ConfigKey& key) {
    std::vector<std::string> qualifiers;
    // Limits of sizes and durations are of amounts, which no qualifier knows.
    const bool has_length = key.type != ConfigType::boolean && key.type != ConfigType::size &&
                            key.type != ConfigType::duration;
    const std::string_view low = is_whole_number(key.type) ? "MinValue" : "MinLen";
    const std::string_view high = is_whole_number(key.type) ? "MaxValue" : "MaxLen";
    const std::optional<std::int64_t> minimum =
        key.type == ConfigType::port ? std::max<std::int64_t>(key.minimum.value_or(1), 1)
                                     : key.minimum;
    if (has_length && minimum) {
        qualifiers.push_back(fmt::format("{}({})", low, *minimum));
    }
    if (has_length && key.maximum) {
        qualifiers.push_back(fmt::format("{}({})", high, *key.maximum));
    }
    if (!key.values.empty()) {
        qualifiers.push_back(fmt::format("ValueMap{{{}}}", quoted_choices(key.values)));
    }
    return fmt::format("{}", fmt::join(qualifiers, " "));
}

void add_schema_properties(AssemblyMachine& machine, SchemaFindings& findings) {
    if (!machine.schema || machine.schema->keys.empty()) {
        return;
    }
    std::vector<std::string> names;
    for (const ConfigKey& key : machine.schema->keys) {
        names.push_back(key.name);
    }
    for (const AssemblyProperty& property : machine.properties) {
        if (machine.schema->find_key(property.key) == nullptr && !is_known_to_guest(property.key)) {
            findings.warnings.push_back(fmt::format("{}the image of machine '{}' has no key '{}'{}",
                                                    place_of(property), machine.name, property.key,
                                                    guess_among(property.key, names)));
        }
    }
    for (const ConfigKey& key : machine.schema->keys) {
        auto property = std::find_if(machine.properties.begin(), machine.properties.end(),
                                     [&](const auto& one) { return one.key == key.name; });
        const bool given = property != machine.properties.end();
        if (!given) {
            property = machine.properties.insert(property, AssemblyProperty{.key = key.name});
        } else {
            check_given(machine, *property, key, findings);
        }
        const bool asks_user = property->required;
        complete_property(*property, key, given);
        check_required(machine, *property, key, asks_user, findings);
    }
}

}  // namespace assembler
