// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/env/ovf_env.h"

#include <fmt/format.h>

#include "base/error.h"
#include "ovfkit/xml/document.h"
#include "ovfkit/xml/scan.h"
#include "ovfkit/xml/writer.h"

namespace ovfkit {

namespace {

constexpr std::string_view kEnvironmentNamespace = "http://schemas.dmtf.org/ovf/environment/1";

void write_properties(xml::Writer& writer, const std::vector<EnvProperty>& properties,
                      const std::string& owner) {
    writer.open("PropertySection");
    for (const EnvProperty& property : properties) {
        base::in_context(fmt::format("property '{}' of '{}'", property.key, owner), [&] {
            writer.open("Property");
            writer.attribute("oe:key", property.key);
            writer.attribute("oe:value", property.value);
            writer.close();
        });
    }
    writer.close();
}

void write_platform(xml::Writer& writer, const EnvPlatform& platform) {
    const auto element = [&](std::string_view name, const std::string& value) {
        if (!value.empty()) {
            writer.element(name, value);
        }
    };
    writer.open("PlatformSection");
    element("Kind", platform.kind);
    element("Version", platform.version);
    element("Vendor", platform.vendor);
    element("Locale", platform.locale);
    writer.close();
}

std::vector<EnvProperty> read_properties(const xml::Element& section, const std::string& name) {
    std::vector<EnvProperty> properties;
    for (const xml::Element& child : section.children) {
        if (child.local_name != "Property") {
            continue;
        }
        const auto key = child.find_attribute("key");
        if (!key) {
            xml::fail_at(name, child.place, "a Property without a key");
        }
        properties.push_back(
            {std::string(*key), std::string(child.find_attribute("value").value_or(""))});
    }
    return properties;
}

EnvPlatform read_platform(const xml::Element& section) {
    const auto text_of = [&](std::string_view local) {
        const xml::Element* child = section.find_child(local);
        return child == nullptr ? std::string() : std::string(child->trimmed_text());
    };
    return {text_of("Kind"), text_of("Version"), text_of("Vendor"), text_of("Locale")};
}

}  // namespace

std::string write_ovf_env(const OvfEnvironment& environment) {
    xml::Writer writer;
    writer.open("Environment");
    writer.attribute("xmlns", kEnvironmentNamespace);
    writer.attribute("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance");
    writer.attribute("xmlns:oe", kEnvironmentNamespace);
    writer.attribute("oe:id", environment.id);
    write_platform(writer, environment.platform);
    // The machine's own section comes first: cloud-init reads no other one.
    write_properties(writer, environment.properties, environment.id);
    for (const EnvEntity& sibling : environment.siblings) {
        writer.open("Entity");
        writer.attribute("oe:id", sibling.id);
        write_properties(writer, sibling.properties, sibling.id);
        writer.close();
    }
    writer.close();
    return writer.finish();
}

OvfEnvironment read_ovf_env(std::string_view text, const std::string& name) {
    const xml::Element root = xml::parse_document(text, name);
    if (root.local_name != "Environment") {
        xml::fail_at(
            name, root.place,
            fmt::format("an OVF environment begins with Environment, not '{}'", root.local_name));
    }
    OvfEnvironment environment;
    environment.id = root.find_attribute("id").value_or("");
    bool own_read = false;
    for (const xml::Element& child : root.children) {
        if (child.local_name == "PlatformSection") {
            environment.platform = read_platform(child);
        } else if (child.local_name == "PropertySection" && !own_read) {
            environment.properties = read_properties(child, name);
            own_read = true;
        } else if (child.local_name == "Entity") {
            EnvEntity entity{std::string(child.find_attribute("id").value_or("")), {}};
            if (const xml::Element* section = child.find_child("PropertySection")) {
                entity.properties = read_properties(*section, name);
            }
            environment.siblings.push_back(std::move(entity));
        }
    }
    return environment;
}

std::optional<std::string> find_value(const OvfEnvironment& environment, std::string_view key) {
    for (const EnvProperty& property : environment.properties) {
        if (property.key == key) {
            return property.value;
        }
    }
    return std::nullopt;
}

}  // namespace ovfkit
