// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/edit/hardware_items.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "ovfkit/descriptor/hardware.h"

namespace ovfkit::edit {

namespace {

constexpr std::string_view kCim = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/";

// How OVF 0.9 orders them; later versions go by the alphabet.
constexpr std::array<std::string_view, 22> kOldOrder{"Caption",
                                                     "Description",
                                                     "InstanceId",
                                                     "ResourceType",
                                                     "OtherResourceType",
                                                     "ResourceSubType",
                                                     "PoolID",
                                                     "ConsumerVisibility",
                                                     "HostResource",
                                                     "AllocationUnits",
                                                     "VirtualQuantity",
                                                     "Reservation",
                                                     "Limit",
                                                     "Weight",
                                                     "AutomaticAllocation",
                                                     "Connection",
                                                     "AutomaticDeallocation",
                                                     "Parent",
                                                     "Address",
                                                     "AddressOnParent",
                                                     "MappingBehavior",
                                                     "BusNumber"};

bool is_item(const EditableElement& element) {
    const std::string local = element.local_name();
    return local == "Item" || local == "StorageItem" || local == "EthernetPortItem";
}

std::string_view old_name(std::string_view local) {
    return local == "InstanceID" ? "InstanceId" : local == "ElementName" ? "Caption" : local;
}

int number_of(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? value : -1;
}

bool is_bound(const EditableElement& item) {
    const std::string bound = attribute_of(item, "bound");
    return bound == "min" || bound == "max";
}

bool stands_before(std::string_view sibling, std::string_view added, bool old_order) {
    if (!old_order) {
        return sibling < added;
    }
    return std::find(kOldOrder.begin(), kOldOrder.end(), sibling) <
           std::find(kOldOrder.begin(), kOldOrder.end(), added);
}

}  // namespace

std::vector<EditableElement*> HardwareItems::all() const {
    std::vector<EditableElement*> items;
    for (EditableElement* child : section_.children()) {
        if (is_item(*child)) {
            items.push_back(child);
        }
    }
    return items;
}

std::vector<EditableElement*> HardwareItems::of_type(int type) const {
    std::vector<EditableElement*> found = all();
    std::erase_if(found, [&](const EditableElement* item) {
        return type_of(*item) != type || is_bound(*item);
    });
    return found;
}

std::vector<EditableElement*> HardwareItems::bounds_of(int type) const {
    std::vector<EditableElement*> found = all();
    std::erase_if(found, [&](const EditableElement* item) {
        return type_of(*item) != type || !is_bound(*item);
    });
    return found;
}

int HardwareItems::type_of(const EditableElement& item) {
    return number_of(text_of(item, "ResourceType"));
}

std::string HardwareItems::text_of(const EditableElement& item, std::string_view local) {
    const EditableElement* child = item.find_child(local);
    if (child == nullptr) {
        child = item.find_child(old_name(local));
    }
    return child == nullptr ? "" : child->text();
}

std::vector<std::string> HardwareItems::configurations_of(const EditableElement& item) {
    std::vector<std::string> words(1);
    for (const char c : attribute_of(item, "configuration")) {
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
            words.back() += c;
        } else if (!words.back().empty()) {
            words.emplace_back();
        }
    }
    if (words.back().empty()) {
        words.pop_back();
    }
    return words;
}

bool HardwareItems::writes_old_names() const {
    for (const EditableElement* item : all()) {
        if (item->find_child("InstanceId") != nullptr) {
            return true;
        }
        if (item->find_child("InstanceID") != nullptr) {
            return false;
        }
    }
    return document_.dialect() == Dialect::ovf09;
}

std::string HardwareItems::spelled(std::string_view local) const {
    return std::string(writes_old_names() ? old_name(local) : local);
}

// That of the children it has; for a new item the one of its siblings, or of the standard.
std::string HardwareItems::namespace_for(const EditableElement& item) const {
    const auto uri_in = [](const EditableElement& owner) -> std::string {
        const EditableElement* child = owner.find_child("ResourceType");
        return child == nullptr ? "" : child->namespace_uri();
    };
    if (std::string own = uri_in(item); !own.empty()) {
        return own;
    }
    for (const EditableElement* sibling : section_.children(item.local_name())) {
        if (std::string uri = uri_in(*sibling); !uri.empty()) {
            return uri;
        }
    }
    const std::string local = item.local_name();
    if (local == "Item") {
        return std::string(kCim) + "CIM_ResourceAllocationSettingData";
    }
    const std::string name = local == "StorageItem" ? "CIM_StorageAllocationSettingData"
                                                    : "CIM_EthernetPortAllocationSettingData";
    // The schemas of OVF 2 end in ".xsd"; who leaves it out binds the prefix so.
    const std::string full = std::string(kCim) + name;
    for (const std::string_view prefix : {"sasd", "epasd"}) {
        if (item.find_binding(prefix) == full) {
            return full;
        }
    }
    return full + ".xsd";
}

void HardwareItems::set_text(EditableElement& item, std::string_view local, std::string_view text) {
    EditableElement* child = item.find_child(local);
    if (child == nullptr) {
        child = item.find_child(old_name(local));
    }
    if (text.empty()) {
        if (child != nullptr) {
            item.remove_child(*child);
        }
        return;
    }
    if (child == nullptr) {
        const std::string name = spelled(local);
        const bool old_order = writes_old_names();
        const std::string uri = namespace_for(item);
        const EditableElement* last = nullptr;
        for (const EditableElement* sibling : item.children()) {
            // Extensions of vendors stay at the end.
            if (sibling->namespace_uri() == uri &&
                stands_before(sibling->local_name(), name, old_order)) {
                last = sibling;
            }
        }
        child = &item.add_child_after(last, uri, name);
    }
    child->set_text(text);
}

// OVF 2 has elements of its own for disks and network adapters, but not everybody uses them.
std::string HardwareItems::element_for(int type) const {
    const bool is_nic = type == resource::kEthernet;
    const bool is_storage = type == resource::kDisk || type == resource::kLogicalDisk;
    if (document_.dialect() != Dialect::ovf2 || !(is_nic || is_storage)) {
        return "Item";
    }
    const auto same = of_type(type);
    return !same.empty() ? same.back()->local_name() : is_nic ? "EthernetPortItem" : "StorageItem";
}

std::string HardwareItems::free_instance_id() const {
    int highest = 0;
    for (const EditableElement* item : all()) {
        highest = std::max(highest, number_of(text_of(*item, "InstanceID")));
    }
    return std::to_string(highest + 1);
}

EditableElement& HardwareItems::add(int type, std::string_view name) {
    const std::string id = free_instance_id();
    const std::string element = element_for(type);
    const EditableElement* last = nullptr;
    const auto same = of_type(type);
    for (const EditableElement* child : section_.children()) {
        const std::string local = child->local_name();
        const bool in_front = local == "Info" || local == "System" || local == "Item" ||
                              (element != "Item" && local == "StorageItem") || local == element;
        if (child->namespace_uri() == document_.ovf_namespace() && in_front) {
            last = child;
        }
    }
    if (!same.empty()) {
        last = same.back();
    }
    EditableElement& item = section_.add_child_after(last, document_.ovf_namespace(), element);
    set_text(item, "InstanceID", id);
    set_text(item, "ElementName", name);
    set_text(item, "ResourceType", std::to_string(type));
    return item;
}

void HardwareItems::remove(EditableElement& item) {
    const std::string id = text_of(item, "InstanceID");
    const int type = type_of(item);
    for (EditableElement* other : all()) {
        if (other == &item ||
            (!id.empty() && text_of(*other, "InstanceID") == id && type_of(*other) == type)) {
            section_.remove_child(*other);
        }
    }
}

int HardwareItems::free_address_on(std::string_view controller) const {
    int highest = -1;
    for (const EditableElement* item : all()) {
        if (text_of(*item, "Parent") == controller) {
            highest = std::max(highest, number_of(text_of(*item, "AddressOnParent")));
        }
    }
    return highest + 1 == 7 ? 8 : highest + 1;  // 7 is the SCSI controller itself
}

std::vector<HardwareItems> hardware_of(DescriptorDocument& document, EditableElement& system) {
    std::vector<HardwareItems> all;
    for (EditableElement* section : document.sections(system, "VirtualHardwareSection")) {
        all.emplace_back(document, *section);
    }
    return all;
}

}  // namespace ovfkit::edit
