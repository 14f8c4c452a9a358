// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/error.h"
#include "ovfkit/descriptor/write/writing.h"

namespace ovfkit {

namespace {

void write_property(xml::Writer& writer, const Property& property) {
    writer.open("Property");
    writer.attribute("ovf:key", property.key);
    writer.attribute("ovf:type", property.type);
    write_attribute_if(writer, "ovf:qualifiers", property.qualifiers);
    if (property.user_configurable) {
        writer.flag("ovf:userConfigurable", true);
    }
    if (property.has_value) {
        writer.attribute("ovf:value", property.value);
    }
    if (property.password) {
        writer.flag("ovf:password", true);
    }
    write_attribute_if(writer, "muster:value", property.value_template);
    if (property.generate_length > 0) {
        writer.attribute("muster:generate", std::uint64_t{property.generate_length});
    }
    if (property.required) {
        writer.flag("muster:required", true);
    }
    write_element_if(writer, "Label", property.label);
    write_element_if(writer, "Description", property.description);
    for (const ConfigurationValue& value : property.values) {
        writer.open("Value");
        writer.attribute("ovf:value", value.value);
        write_attribute_if(writer, "ovf:configuration", value.configuration);
        writer.close();
    }
    writer.close();
}

}  // namespace

void write_attribute_if(xml::Writer& writer, std::string_view name, std::string_view value) {
    if (!value.empty()) {
        writer.attribute(name, value);
    }
}

void write_element_if(xml::Writer& writer, std::string_view name, std::string_view value) {
    if (!value.empty()) {
        writer.element(name, value);
    }
}

void write_product(xml::Writer& writer, const ProductSection& section) {
    writer.open("ProductSection");
    write_attribute_if(writer, "ovf:class", section.class_name);
    write_attribute_if(writer, "ovf:instance", section.instance);
    writer.element("Info", section.info);
    write_element_if(writer, "Product", section.product);
    write_element_if(writer, "Vendor", section.vendor);
    write_element_if(writer, "Version", section.version);
    write_element_if(writer, "FullVersion", section.full_version);
    write_element_if(writer, "ProductUrl", section.product_url);
    write_element_if(writer, "VendorUrl", section.vendor_url);
    write_element_if(writer, "AppUrl", section.app_url);
    std::string category;
    for (const Property& property : section.properties) {
        if (property.category != category) {
            category = property.category;
            writer.element("Category", category);
        }
        base::in_context(fmt::format("property '{}'", property.key),
                         [&] { write_property(writer, property); });
    }
    writer.close();
}

}  // namespace ovfkit
