// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/error.h"
#include "ovfkit/descriptor/write/writing.h"

namespace ovfkit {

namespace {

void write_property(Writing& writing, const Property& property) {
    xml::Writer& writer = writing.xml;
    writer.open("Property");
    writer.attribute("ovf:key", property.key);
    writer.attribute("ovf:type", property.type);
    writing.attribute_if("ovf:qualifiers", property.qualifiers);
    if (!property.vendor_qualifiers.empty()) {
        writer.attribute(writing.prefix(kVmwareSchema) + "qualifiers", property.vendor_qualifiers);
    }
    if (property.user_configurable) {
        writer.flag("ovf:userConfigurable", true);
    }
    if (property.has_value) {
        writer.attribute("ovf:value", property.value);
    }
    if (property.password) {
        writer.flag("ovf:password", true);
    }
    writing.attribute_if("muster:value", property.value_template);
    if (property.generate_length > 0) {
        writer.attribute("muster:generate", std::uint64_t{property.generate_length});
    }
    if (property.required) {
        writer.flag("muster:required", true);
    }
    writing.message_if("Label", property.label, property.message_ids);
    writing.message_if("Description", property.description, property.message_ids);
    for (const ConfigurationValue& value : property.values) {
        writer.open("Value");
        writer.attribute("ovf:value", value.value);
        writing.attribute_if("ovf:configuration", value.configuration);
        writer.close();
    }
    writer.close();
}

void write_icon(Writing& writing, const Icon& icon) {
    writing.xml.open("Icon");
    if (icon.height) {
        writing.xml.attribute("ovf:height", std::uint64_t{*icon.height});
    }
    if (icon.width) {
        writing.xml.attribute("ovf:width", std::uint64_t{*icon.width});
    }
    writing.attribute_if("ovf:mimeType", icon.mime_type);
    writing.xml.attribute("ovf:fileRef", icon.file_ref);
    writing.xml.close();
}

}  // namespace

void write_product(Writing& writing, const ProductSection& section) {
    const MessageIds& ids = section.message_ids;
    writing.open_section("ProductSection");
    writing.attribute_if("ovf:class", section.class_name);
    writing.attribute_if("ovf:instance", section.instance);
    writing.message("Info", section.info, ids);
    writing.message_if("Product", section.product, ids);
    writing.message_if("Vendor", section.vendor, ids);
    writing.message_if("Version", section.version, ids);
    writing.message_if("FullVersion", section.full_version, ids);
    writing.message_if("ProductUrl", section.product_url, ids);
    writing.message_if("VendorUrl", section.vendor_url, ids);
    writing.message_if("AppUrl", section.app_url, ids);
    for (const Icon& icon : section.icons) {
        write_icon(writing, icon);
    }
    std::string category;
    std::string category_id;
    for (const Property& property : section.properties) {
        const auto id = property.message_ids.find("Category");
        const std::string new_id = id == property.message_ids.end() ? "" : id->second;
        if (property.category != category || new_id != category_id) {
            category = property.category;
            category_id = new_id;
            writing.message("Category", category, property.message_ids);
        }
        base::in_context(fmt::format("property '{}'", property.key),
                         [&] { write_property(writing, property); });
    }
    writing.xml.close();
}

}  // namespace ovfkit
