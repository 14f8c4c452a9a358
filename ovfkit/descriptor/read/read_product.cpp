// SPDX-License-Identifier: Apache-2.0
// ProductSection and its properties. DSP0243 9.5.
#include <fmt/format.h>

#include "ovfkit/descriptor/read/reading.h"

namespace ovfkit {

namespace {

Icon read_icon(Reading& reading, const xml::Element& element) {
    const auto pixels = [&](std::string_view attribute) -> std::optional<std::uint32_t> {
        const auto number = reading.number(element, attribute);
        return number ? std::optional(clamped(number)) : std::nullopt;
    };
    Icon icon;
    icon.place = element.place;
    icon.file_ref = reading.require(element, "fileRef", "an Icon");
    icon.mime_type = element.find_attribute("mimeType").value_or("");
    icon.width = pixels("width");
    icon.height = pixels("height");
    return icon;
}

Property read_property(Reading& reading, const xml::Element& element,
                       const xml::Element* category) {
    Property property;
    property.place = element.place;
    property.key = reading.require(element, "key", "a Property");
    property.type = reading.require(element, "type", fmt::format("property '{}'", property.key));
    const auto value = element.find_attribute("value");
    property.has_value = value.has_value();
    property.value = value.value_or("");
    property.qualifiers = element.find_attribute("qualifiers").value_or("");
    property.vendor_qualifiers =
        element.find_attribute("http://www.vmware.com/schema/ovf", "qualifiers").value_or("");
    property.password = reading.boolean(element, "password", false);
    property.user_configurable = reading.boolean(element, "userConfigurable", false);
    if (category != nullptr) {
        property.category = category->trimmed_text();
        const auto id = category->find_attribute("msgid");
        if (id && !id->empty()) {
            property.message_ids.emplace("Category", *id);
        }
    }
    property.label = message_text(element, "Label", property.message_ids);
    property.description = message_text(element, "Description", property.message_ids);
    for (const xml::Element& child : element.children) {
        if (child.local_name == "Value") {
            property.values.push_back(
                {std::string(child.find_attribute("configuration").value_or("")),
                 std::string(child.find_attribute("value").value_or(""))});
        }
    }
    property.value_template = element.find_attribute(kMusterNamespace, "value").value_or("");
    property.required = element.find_attribute(kMusterNamespace, "required") == "true";
    if (const auto length = element.find_attribute(kMusterNamespace, "generate")) {
        const auto number = reading.number_text(
            element.place, *length, fmt::format("muster:generate of property '{}'", property.key));
        if (number && *number > 1024) {
            reading.error(element.place, "bad-number",
                          fmt::format("property '{}' wants to be generated with more than 1024 "
                                      "characters",
                                      property.key));
        }
        property.generate_length =
            number && *number <= 1024 ? static_cast<std::uint32_t>(*number) : 0;
    }
    return property;
}

}  // namespace

ProductSection read_product(Reading& reading, const xml::Element& element) {
    reading.check_children(
        element, {"Info", "Product", "Vendor", "Version", "FullVersion", "ProductUrl", "VendorUrl",
                  "AppUrl", "Icon", "Category", "Property"});
    ProductSection section;
    section.place = element.place;
    section.class_name = element.find_attribute("class").value_or("");
    section.instance = element.find_attribute("instance").value_or("");
    const auto text = [&](std::string_view local) {
        return message_text(element, local, section.message_ids);
    };
    section.info = text("Info");
    section.product = text("Product");
    section.vendor = text("Vendor");
    section.version = text("Version");
    section.full_version = text("FullVersion");
    section.product_url = text("ProductUrl");
    section.vendor_url = text("VendorUrl");
    section.app_url = text("AppUrl");
    const xml::Element* category = nullptr;
    for (const xml::Element& child : element.children) {
        if (child.local_name == "Category") {
            category = &child;
        } else if (child.local_name == "Property") {
            section.properties.push_back(read_property(reading, child, category));
        } else if (child.local_name == "Icon") {
            section.icons.push_back(read_icon(reading, child));
        }
    }
    return section;
}

}  // namespace ovfkit
