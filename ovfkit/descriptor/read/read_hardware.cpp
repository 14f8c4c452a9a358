// SPDX-License-Identifier: Apache-2.0
// VirtualHardwareSection. DSP0243 clause 8; OVF 0.9 writes InstanceId, Caption and BusNumber.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "ovfkit/descriptor/read/reading.h"

namespace ovfkit {

namespace {

std::string first_text(const xml::Element& element, std::string_view local,
                       std::string_view old_local) {
    const std::string text = child_text(element, local);
    return text.empty() ? child_text(element, old_local) : text;
}

std::vector<std::string> all_texts(const xml::Element& element, std::string_view local) {
    std::vector<std::string> texts;
    for (const xml::Element& child : element.children) {
        if (child.local_name == local && !child.trimmed_text().empty()) {
            texts.emplace_back(child.trimmed_text());
        }
    }
    return texts;
}

std::optional<std::uint64_t> number_child(Reading& reading, const xml::Element& item,
                                          std::string_view local) {
    const xml::Element* child = item.find_child(local);
    if (child == nullptr || child->trimmed_text().empty()) {
        return std::nullopt;
    }
    return reading.number_text(child->place, child->trimmed_text(),
                               fmt::format("{} of hardware item '{}'", local,
                                           first_text(item, "InstanceID", "InstanceId")));
}

HardwareItem::Bound bound_of(Reading& reading, const xml::Element& item) {
    const std::string_view text = item.find_attribute("bound").value_or("");
    if (text == "min") {
        return HardwareItem::Bound::minimum;
    }
    if (text == "max") {
        return HardwareItem::Bound::maximum;
    }
    if (text == "normal") {
        return HardwareItem::Bound::normal;
    }
    if (!text.empty()) {
        reading.error(
            item.place, "bad-bound",
            fmt::format("the bound of a hardware item is '{}', not min, normal or max", text));
    }
    return HardwareItem::Bound::none;
}

std::optional<bool> flag_child(const xml::Element& item, std::string_view local) {
    const std::string text = child_text(item, local);
    if (text.empty()) {
        return std::nullopt;
    }
    return text == "true" || text == "1" || text == "True";
}

HardwareItem::Kind kind_of(const xml::Element& element) {
    if (element.local_name == "StorageItem") {
        return HardwareItem::Kind::storage;
    }
    return element.local_name == "EthernetPortItem" ? HardwareItem::Kind::ethernet
                                                    : HardwareItem::Kind::item;
}

bool is_foreign(const xml::Element& element) {
    const std::string_view uri = element.namespace_uri;
    return !uri.empty() && !uri.starts_with("unbound:") &&
           uri != "http://www.vmware.com/schema/ovf/1/envelope" &&
           uri.find("dmtf.org") == std::string_view::npos;
}

// Settings that are honoured (see firmware_of()) may be marked as required.
bool is_understood(std::string_view key) {
    return key == "firmware" || key == "bootOptions.efiSecureBootEnabled" ||
           key == "uefi.secureBoot.enabled";
}

bool is_setting(const xml::Element& element) {
    return element.namespace_uri == "http://www.vmware.com/schema/ovf" &&
           (element.local_name == "Config" || element.local_name == "ExtraConfig");
}

VendorSetting read_setting(Reading& reading, const xml::Element& element) {
    VendorSetting setting;
    setting.place = element.place;
    setting.element = element.local_name;
    setting.key = element.find_attribute("key").value_or("");
    setting.value = element.find_attribute("value").value_or("");
    setting.required = reading.boolean(element, "required", false);
    return setting;
}

bool is_member(const xml::Element& child) {
    constexpr std::array<std::string_view, 17> kMembers{
        "InstanceID",         "InstanceId",  "ElementName",  "ResourceType",
        "ResourceSubType",    "Parent",      "Address",      "BusNumber",
        "AddressOnParent",    "Description", "HostResource", "Connection",
        "VirtualQuantity",    "Reservation", "Limit",        "AllocationUnits",
        "AutomaticAllocation"};
    return std::find(kMembers.begin(), kMembers.end(), child.local_name) != kMembers.end();
}

// An item whose namespace is misspelled is read by local names all the same; in any other one, only
// what is not foreign counts.
bool is_misspelled(const xml::Element& element) {
    return std::none_of(element.children.begin(), element.children.end(),
                        [](const xml::Element& child) {
                            return child.local_name == "ResourceType" && !is_foreign(child);
                        });
}

xml::Element without_foreign(xml::Element element) {
    std::erase_if(element.children, is_foreign);
    return element;
}

// What has no member of its own.
void read_others(Reading& reading, const xml::Element& element, HardwareItem& item) {
    const bool misspelled = is_misspelled(element);
    for (const xml::Element& child : element.children) {
        if (is_setting(child)) {
            item.settings.push_back(read_setting(reading, child));
        } else if (is_vendor_element(child) && child.local_name == "CoresPerSocket") {
            item.cores_per_socket = clamped(reading.number_text(
                child.place, child.trimmed_text(),
                fmt::format("CoresPerSocket of hardware item '{}'", item.instance_id)));
        } else if (is_foreign(child)) {
            if (!misspelled || !is_member(child)) {
                item.foreign.push_back(child);
            }
        } else if (!is_member(child) && !child.trimmed_text().empty() &&
                   !(child.local_name == "Caption" && item.element_name == child.trimmed_text())) {
            item.other_values.push_back({child.local_name, std::string(child.trimmed_text())});
        }
    }
}

void read_members(Reading& reading, const xml::Element& element, HardwareItem& item) {
    item.instance_id = first_text(element, "InstanceID", "InstanceId");
    item.element_name = first_text(element, "ElementName", "Caption");
    const auto type = number_child(reading, element, "ResourceType");
    if (!type || *type > 0xFFFF) {
        reading.error(element.place, "missing-resource-type",
                      fmt::format("hardware item '{}' has no resource type", item.instance_id));
    }
    item.resource_type = static_cast<int>(std::min<std::uint64_t>(type.value_or(0), 0xFFFF));
    item.resource_subtype = child_text(element, "ResourceSubType");
    item.parent = child_text(element, "Parent");
    item.address = first_text(element, "Address", "BusNumber");
    if (const auto address = number_child(reading, element, "AddressOnParent")) {
        item.address_on_parent = static_cast<int>(std::min<std::uint64_t>(*address, 0xFFFF));
    }
    item.description = child_text(element, "Description");
    item.host_resources = all_texts(element, "HostResource");
    item.connections = all_texts(element, "Connection");
    item.quantity = number_child(reading, element, "VirtualQuantity");
    item.reservation = number_child(reading, element, "Reservation");
    item.limit = number_child(reading, element, "Limit");
    item.units = child_text(element, "AllocationUnits");
    item.automatic_allocation = flag_child(element, "AutomaticAllocation");
    item.required = reading.boolean(element, "required", true);
    item.bound = bound_of(reading, element);
    item.configurations = words_of(element.find_attribute("configuration").value_or(""));
}

}  // namespace

HardwareItem read_item(Reading& reading, const xml::Element& element) {
    HardwareItem item;
    item.place = element.place;
    item.kind = kind_of(element);
    const bool has_foreign =
        std::any_of(element.children.begin(), element.children.end(), is_foreign);
    if (has_foreign && !is_misspelled(element)) {
        read_members(reading, without_foreign(element), item);
    } else {
        read_members(reading, element, item);
    }
    read_others(reading, element, item);
    return item;
}

HardwareSection read_hardware(Reading& reading, const xml::Element& element) {
    HardwareSection section;
    section.place = element.place;
    section.info = message_text(element, "Info", section.message_ids);
    section.id = element.find_attribute("id").value_or("");
    section.transports = words_of(element.find_attribute("transport").value_or(""));
    if (const xml::Element* system = element.find_child("System")) {
        std::string types = child_text(*system, "VirtualSystemType");
        std::replace(types.begin(), types.end(), ',', ' ');  // VMware lists several
        section.system_types = words_of(types);
        section.system_identifier = child_text(*system, "VirtualSystemIdentifier");
    }
    for (const xml::Element& child : element.children) {
        if (child.local_name == "Item" || child.local_name == "StorageItem" ||
            child.local_name == "EthernetPortItem") {
            section.items.push_back(read_item(reading, child));
        } else if (is_setting(child)) {
            section.settings.push_back(read_setting(reading, child));
            if (!is_understood(section.settings.back().key)) {
                reading.check_unknown_child(element, child);
            }
        } else if (child.local_name != "Info" && child.local_name != "System") {
            reading.check_unknown_child(element, child);
            section.foreign.push_back(child);
        }
    }
    return section;
}

}  // namespace ovfkit
