// SPDX-License-Identifier: Apache-2.0
#include "assembler/property_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "ovfkit/descriptor/value_template.h"

namespace assembler {

namespace {

struct IntegerType {
    std::string_view name;
    std::int64_t low;
    std::uint64_t high;
};

template <typename T>
constexpr IntegerType integer(std::string_view name) {
    return {name, static_cast<std::int64_t>(std::numeric_limits<T>::min()),
            static_cast<std::uint64_t>(std::numeric_limits<T>::max())};
}

constexpr std::array<IntegerType, 8> kIntegers{
    {integer<std::uint8_t>("uint8"), integer<std::int8_t>("sint8"),
     integer<std::uint16_t>("uint16"), integer<std::int16_t>("sint16"),
     integer<std::uint32_t>("uint32"), integer<std::int32_t>("sint32"),
     integer<std::uint64_t>("uint64"), integer<std::int64_t>("sint64")}};

// What people write, and the type of the standard that it is.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kAliases{{
    {"int", "sint32"},
    {"port", "uint16"},
    {"bool", "boolean"},
    {"real", "real64"},
    {"password", "string"},
}};

std::vector<std::string> type_names() {
    std::vector<std::string> names{"string", "boolean", "real32", "real64"};
    for (const IntegerType& type : kIntegers) {
        names.emplace_back(type.name);
    }
    for (const auto& [alias, type] : kAliases) {
        names.emplace_back(alias);
    }
    return names;
}

std::string integer_fault(const IntegerType& type, std::string_view text) {
    const char* end = text.data() + text.size();
    if (text.starts_with('-')) {
        std::int64_t value = 0;
        const auto result = std::from_chars(text.data(), end, value);
        if (result.ec == std::errc{} && result.ptr == end && value >= type.low) {
            return "";
        }
    } else {
        std::uint64_t value = 0;
        const auto result = std::from_chars(text.data(), end, value);
        if (result.ec == std::errc{} && result.ptr == end && value <= type.high) {
            return "";
        }
    }
    return fmt::format("'{}' is not a number from {} to {}", text, type.low, type.high);
}

void read_type(const base::YamlNode& node, AssemblyProperty& property) {
    const std::string written = node.as_string();
    const auto names = type_names();
    if (std::find(names.begin(), names.end(), written) == names.end()) {
        const auto similar = base::find_similar(written, names);
        node.fail(fmt::format("unknown property type '{}'{}", written,
                              similar ? fmt::format(", did you mean '{}'?", *similar) : ""),
                  fmt::format("types are {}", fmt::join(names, ", ")));
    }
    property.has_type = true;
    property.password = written == "password";
    property.type = written;
    for (const auto& [alias, type] : kAliases) {
        if (alias == written) {
            property.type = type;
        }
    }
}

bool read_flag(base::YamlKeys& keys, std::string_view key) {
    const auto node = keys.find(key);
    return node && node->as_bool();
}

std::string read_text(base::YamlKeys& keys, std::string_view key) {
    const auto node = keys.find(key);
    return node ? node->as_string() : "";
}

// A value with references is a template; one without is a default that the user is not asked for.
void read_value(const base::YamlNode& node, AssemblyProperty& property) {
    const std::string text = node.as_string();
    std::vector<ovfkit::TemplatePart> parts;
    try {
        parts = ovfkit::parse_value_template(text);
    } catch (const base::Error& error) {
        node.fail(error.message(), error.hint());
    }
    const bool is_template =
        std::any_of(parts.begin(), parts.end(), [](const auto& part) { return part.reference; });
    property.is_fixed = true;
    if (is_template) {
        property.value_template = text;
    } else {
        property.default_value = parts.empty() ? "" : parts.front().text;
    }
}

void read_generate(const base::YamlNode& node, AssemblyProperty& property) {
    const std::int64_t length = node.as_int();
    if (length < 8 || length > 1024) {
        node.fail(fmt::format("{} is no usable length of a generated value", length),
                  "give a number of characters from 8 to 1024");
    }
    if (property.type != "string") {
        node.fail("only strings and passwords can be generated");
    }
    property.generate_length = static_cast<std::uint32_t>(length);
}

AssemblyProperty read_property(const std::string& key, const base::YamlNode& node) {
    AssemblyProperty property;
    property.key = key;
    property.where = node.where();
    if (key.empty() || key.front() == '.' || key.back() == '.' ||
        key.find("..") != std::string::npos || key.starts_with("ip.") || key.starts_with("ips.") ||
        key.find_first_of(" \t:=${}") != std::string::npos) {
        node.fail(fmt::format("'{}' cannot be the key of a property", key),
                  "a key is words with '.' between them, not beginning with 'ip.' or 'ips.'");
    }
    if (node.type() == base::YamlNode::Type::scalar) {
        read_value(node, property);
        return property;
    }
    base::YamlKeys keys(node, fmt::format("property '{}'", key));
    if (const auto type = keys.find("type")) {
        read_type(*type, property);
    }
    const auto value = keys.find("value");
    const auto fallback = keys.find("default");
    const auto generate = keys.find("generate");
    if (value) {
        read_value(*value, property);
    }
    if (fallback) {
        property.default_value = fallback->as_string();
    }
    if (generate) {
        read_generate(*generate, property);
    }
    if ((value ? 1 : 0) + (fallback ? 1 : 0) + (generate ? 1 : 0) > 1) {
        node.fail(
            fmt::format("property '{}' has more than one of value, default and generate", key));
    }
    if (const auto user = keys.find("user")) {
        property.has_user = true;
        property.user = user->as_bool();
    }
    property.required = read_flag(keys, "required");
    property.label = read_text(keys, "label");
    property.description = read_text(keys, "description");
    keys.finish();
    if (property.default_value) {
        const std::string fault = value_fault(property.type, *property.default_value);
        if (!fault.empty()) {
            (fallback ? *fallback : *value).fail(fmt::format("property '{}': {}", key, fault));
        }
    }
    return property;
}

}  // namespace

std::string value_fault(std::string_view type, std::string_view value) {
    for (const IntegerType& one : kIntegers) {
        if (one.name == type) {
            return integer_fault(one, value);
        }
    }
    if (type == "boolean" && value != "true" && value != "false") {
        return fmt::format("'{}' is neither true nor false", value);
    }
    if (type == "real32" || type == "real64") {
        double number = 0;
        const char* end = value.data() + value.size();
        const auto result = std::from_chars(value.data(), end, number);
        if (result.ec != std::errc{} || result.ptr != end) {
            return fmt::format("'{}' is not a number", value);
        }
    }
    return "";
}

std::vector<AssemblyProperty> parse_properties(const base::YamlNode& map) {
    std::vector<AssemblyProperty> properties;
    for (const auto& [key, node] : map.as_map()) {
        properties.push_back(read_property(key, node));
    }
    return properties;
}

}  // namespace assembler
