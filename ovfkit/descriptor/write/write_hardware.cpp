// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ovfkit/descriptor/write/writing.h"

namespace ovfkit {

namespace {

// What rasd of DSP8023 1.1 knows and HardwareItem has no member for.
constexpr std::array<std::string_view, 10> kOtherOfVersion1{"AutomaticDeallocation",
                                                            "Caption",
                                                            "ChangeableType",
                                                            "ConfigurationName",
                                                            "ConsumerVisibility",
                                                            "Generation",
                                                            "MappingBehavior",
                                                            "OtherResourceType",
                                                            "PoolID",
                                                            "VirtualQuantityUnits"};

using Values = std::vector<std::pair<std::string, std::string>>;

std::string joined(const std::vector<std::string>& words) {
    return fmt::format("{}", fmt::join(words, " "));
}

std::string_view text_of(HardwareItem::Bound bound) {
    switch (bound) {
        case HardwareItem::Bound::none: return "";
        case HardwareItem::Bound::minimum: return "min";
        case HardwareItem::Bound::maximum: return "max";
        case HardwareItem::Bound::normal: return "normal";
    }
    return "";
}

bool can_be_written(const Writing& writing, const std::string& name) {
    return writing.is_2() || name == "Weight" ||
           std::find(kOtherOfVersion1.begin(), kOtherOfVersion1.end(), name) !=
               kOtherOfVersion1.end();
}

void add_if(Values& values, std::string name, const std::string& value) {
    if (!value.empty()) {
        values.emplace_back(std::move(name), value);
    }
}

template <typename T>
void add_number_if(Values& values, std::string name, const std::optional<T>& value) {
    if (value) {
        values.emplace_back(std::move(name), std::to_string(*value));
    }
}

// The children of rasd stand in the order of the alphabet.
Values values_of(const Writing& writing, const HardwareItem& item) {
    Values values;
    const auto has_caption =
        std::any_of(item.other_values.begin(), item.other_values.end(),
                    [](const ItemValue& value) { return value.name == "Caption"; });
    add_if(values, "Address", item.address);
    add_number_if(values, "AddressOnParent", item.address_on_parent);
    add_if(values, "AllocationUnits", item.units);
    if (item.automatic_allocation) {
        values.emplace_back("AutomaticAllocation", *item.automatic_allocation ? "true" : "false");
    }
    for (const std::string& connection : item.connections) {
        values.emplace_back("Connection", connection);
    }
    add_if(values, "Description", item.description);
    values.emplace_back(writing.is_09() && !has_caption ? "Caption" : "ElementName",
                        item.element_name);
    for (const std::string& resource : item.host_resources) {
        values.emplace_back("HostResource", resource);
    }
    values.emplace_back(writing.is_09() ? "InstanceId" : "InstanceID", item.instance_id);
    add_number_if(values, "Limit", item.limit);
    add_if(values, "Parent", item.parent);
    add_number_if(values, "Reservation", item.reservation);
    add_if(values, "ResourceSubType", item.resource_subtype);
    values.emplace_back("ResourceType", std::to_string(item.resource_type));
    add_number_if(values, "VirtualQuantity", item.quantity);
    for (const ItemValue& value : item.other_values) {
        if (can_be_written(writing, value.name)) {
            values.emplace_back(value.name, value.value);
        }
    }
    std::stable_sort(values.begin(), values.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    return values;
}

void write_settings(Writing& writing, const std::vector<VendorSetting>& settings) {
    for (const VendorSetting& setting : settings) {
        const std::string vmw = writing.prefix(kVmwareSchema);
        writing.xml.open(vmw + setting.element);
        writing.xml.flag("ovf:required", setting.required);
        writing.xml.attribute(vmw + "key", setting.key);
        writing.xml.attribute(vmw + "value", setting.value);
        writing.xml.close();
    }
}

// OVF 1 has one kind of item; those that OVF 2 splits off are written as that.
std::pair<std::string_view, std::string_view> names_of(const Writing& writing,
                                                       HardwareItem::Kind kind) {
    if (writing.is_2() && kind == HardwareItem::Kind::storage) {
        return {"StorageItem", "sasd:"};
    }
    if (writing.is_2() && kind == HardwareItem::Kind::ethernet) {
        return {"EthernetPortItem", "epasd:"};
    }
    return {"Item", "rasd:"};
}

void write_system_types(Writing& writing, const HardwareSection& section) {
    if (section.system_types.empty() && section.system_identifier.empty()) {
        return;
    }
    xml::Writer& xml = writing.xml;
    xml.open("System");
    if (!writing.is_09()) {
        xml.element("vssd:ElementName", "Virtual Hardware Family");
    }
    xml.element(writing.is_09() ? "vssd:InstanceId" : "vssd:InstanceID", "0");
    writing.element_if("vssd:VirtualSystemIdentifier", section.system_identifier);
    writing.element_if("vssd:VirtualSystemType", joined(section.system_types));
    xml.close();
}

}  // namespace

void write_item(Writing& writing, const HardwareItem& item) {
    const auto [element, prefix] = names_of(writing, item.kind);
    writing.xml.open(element);
    if (!item.required) {
        writing.xml.flag("ovf:required", false);
    }
    writing.attribute_if("ovf:configuration", joined(item.configurations));
    writing.attribute_if("ovf:bound", text_of(item.bound));
    for (const auto& [name, value] : values_of(writing, item)) {
        writing.xml.element(std::string(prefix) + name, value);
    }
    if (item.cores_per_socket) {
        writing.xml.open(writing.prefix(kVmwareSchema) + "CoresPerSocket");
        writing.xml.flag("ovf:required", false);
        writing.xml.text(std::to_string(*item.cores_per_socket));
        writing.xml.close();
    }
    write_settings(writing, item.settings);
    for (const xml::Element& foreign : item.foreign) {
        writing.tree(foreign);
    }
    writing.xml.close();
}

void write_hardware(Writing& writing, const HardwareSection& section) {
    writing.open_section("VirtualHardwareSection");
    writing.attribute_if("ovf:id", section.id);
    writing.attribute_if("ovf:transport", joined(section.transports));
    writing.message("Info", section.info, section.message_ids);
    write_system_types(writing, section);
    for (const HardwareItem& item : section.items) {
        write_item(writing, item);
    }
    write_settings(writing, section.settings);
    for (const xml::Element& foreign : section.foreign) {
        writing.tree(foreign);
    }
    writing.xml.close();
}

}  // namespace ovfkit
