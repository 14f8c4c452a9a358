// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "ovfkit/descriptor/write/writing.h"

namespace ovfkit {

namespace {

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) {
        text += (text.empty() ? "" : " ") + word;
    }
    return text;
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

void write_number_if(xml::Writer& writer, std::string_view name,
                     const std::optional<std::uint64_t>& value) {
    if (value) {
        writer.element(name, *value);
    }
}

// The children of rasd stand in the order of the alphabet. OVF 1 has one kind of item; those that
// OVF 2 splits off are written as that.
void write_item(xml::Writer& writer, const HardwareItem& item) {
    writer.open("Item");
    if (!item.required) {
        writer.flag("ovf:required", false);
    }
    write_attribute_if(writer, "ovf:configuration", joined(item.configurations));
    write_attribute_if(writer, "ovf:bound", text_of(item.bound));
    write_element_if(writer, "rasd:Address", item.address);
    if (item.address_on_parent) {
        writer.element("rasd:AddressOnParent", static_cast<std::uint64_t>(*item.address_on_parent));
    }
    write_element_if(writer, "rasd:AllocationUnits", item.units);
    if (item.automatic_allocation) {
        writer.element("rasd:AutomaticAllocation", *item.automatic_allocation ? "true" : "false");
    }
    for (const std::string& connection : item.connections) {
        writer.element("rasd:Connection", connection);
    }
    write_element_if(writer, "rasd:Description", item.description);
    writer.element("rasd:ElementName", item.element_name);
    for (const std::string& resource : item.host_resources) {
        writer.element("rasd:HostResource", resource);
    }
    writer.element("rasd:InstanceID", item.instance_id);
    write_number_if(writer, "rasd:Limit", item.limit);
    write_element_if(writer, "rasd:Parent", item.parent);
    write_number_if(writer, "rasd:Reservation", item.reservation);
    write_element_if(writer, "rasd:ResourceSubType", item.resource_subtype);
    writer.element("rasd:ResourceType", static_cast<std::uint64_t>(item.resource_type));
    write_number_if(writer, "rasd:VirtualQuantity", item.quantity);
    writer.close();
}

}  // namespace

void write_hardware(xml::Writer& writer, const HardwareSection& section,
                    const VirtualSystem& system) {
    writer.open("VirtualHardwareSection");
    write_attribute_if(writer, "ovf:transport", joined(section.transports));
    writer.element("Info", section.info);
    if (!section.system_types.empty()) {
        writer.open("System");
        writer.element("vssd:ElementName", "Virtual Hardware Family");
        writer.element("vssd:InstanceID", "0");
        writer.element("vssd:VirtualSystemIdentifier", system.id);
        writer.element("vssd:VirtualSystemType", joined(section.system_types));
        writer.close();
    }
    for (const HardwareItem& item : section.items) {
        write_item(writer, item);
    }
    writer.close();
}

}  // namespace ovfkit
