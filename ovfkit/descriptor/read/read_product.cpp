// SPDX-License-Identifier: Apache-2.0
// ProductSection and its properties. DSP0243 9.5.
#include <fmt/format.h>

#include "ovfkit/descriptor/read/reading.h"

namespace ovfkit {

namespace {

Property read_property(Reading& reading, const xml::Element& element, const std::string& category) {
    Property property;
    property.place = element.place;
    property.key = reading.require(element, "key", "a Property");
    property.type = reading.require(element, "type", fmt::format("property '{}'", property.key));
    const auto value = element.find_attribute("value");
    property.has_value = value.has_value();
    property.value = value.value_or("");
    property.qualifiers = element.find_attribute("qualifiers").value_or("");
    property.password = reading.boolean(element, "password", false);
    property.user_configurable = reading.boolean(element, "userConfigurable", false);
    property.category = category;
    property.label = child_text(element, "Label");
    property.description = child_text(element, "Description");
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
    section.info = child_text(element, "Info");
    section.product = child_text(element, "Product");
    section.vendor = child_text(element, "Vendor");
    section.version = child_text(element, "Version");
    section.full_version = child_text(element, "FullVersion");
    section.product_url = child_text(element, "ProductUrl");
    section.vendor_url = child_text(element, "VendorUrl");
    section.app_url = child_text(element, "AppUrl");
    std::string category;
    for (const xml::Element& child : element.children) {
        if (child.local_name == "Category") {
            category = child.trimmed_text();
        } else if (child.local_name == "Property") {
            section.properties.push_back(read_property(reading, child, category));
        }
    }
    return section;
}

}  // namespace ovfkit
