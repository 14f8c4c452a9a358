// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/lint/descriptor_view.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include <fmt/format.h>

#include "base/letter_case.h"
#include "ovfkit/descriptor/hardware.h"
#include "ovfkit/descriptor/read/reading.h"

namespace ovfkit::lint {

namespace {

ItemView view_of_item(const xml::Element& element) {
    ItemView item;
    item.element = &element;
    if (const auto type = number_of(child_text_of(element, "ResourceType"))) {
        item.type = static_cast<int>(std::min<std::uint64_t>(*type, 0xFFFF));
    }
    item.subtype = child_text_of(element, "ResourceSubType");
    item.instance = child_text_of(element, "InstanceID");
    if (item.instance.empty()) {
        item.instance = child_text_of(element, "InstanceId");
    }
    item.parent = child_text_of(element, "Parent");
    item.address = child_text_of(element, "AddressOnParent");
    item.configuration = attribute_of(element, "configuration");
    item.bound = attribute_of(element, "bound");
    const std::string_view required = attribute_of(element, "required");
    item.required = required != "false" && required != "0";
    return item;
}

HardwareView view_of_hardware(const xml::Element& element) {
    HardwareView hardware;
    hardware.element = &element;
    if (const xml::Element* system = element.find_child("System")) {
        hardware.system_types = child_text_of(*system, "VirtualSystemType");
    }
    for (const xml::Element& child : element.children) {
        if (child.local_name == "Item" || child.local_name == "StorageItem" ||
            child.local_name == "EthernetPortItem") {
            hardware.items.push_back(view_of_item(child));
        }
    }
    return hardware;
}

void collect(const xml::Element& section, std::string_view local,
             std::vector<const xml::Element*>& out) {
    for (const xml::Element& child : section.children) {
        if (child.local_name == local) {
            out.push_back(&child);
        }
    }
}

void look_at(const xml::Element& parent, DescriptorView& view);

void look_at_system(const xml::Element& element, DescriptorView& view) {
    SystemView system;
    system.element = &element;
    system.id = attribute_of(element, "id");
    system.name = child_text_of(element, "Name");
    for (const xml::Element& child : element.children) {
        const std::string name = section_name(child);
        if (name == "VirtualHardwareSection") {
            system.hardware.push_back(view_of_hardware(child));
        } else if (name == "ProductSection") {
            system.products.push_back(&child);
        }
    }
    view.systems.push_back(std::move(system));
    look_at(element, view);
}

void look_at(const xml::Element& parent, DescriptorView& view) {
    for (const xml::Element& child : parent.children) {
        const std::string name = section_name(child);
        if (name == "VirtualSystem") {
            look_at_system(child, view);
        } else if (name == "VirtualSystemCollection") {
            view.collections.push_back(&child);
            look_at(child, view);
        } else if (name.ends_with("Section")) {
            view.sections.push_back(&child);
        }
        if (name == "References") {
            collect(child, "File", view.files);
        } else if (name == "DiskSection") {
            collect(child, "Disk", view.disks);
        } else if (name == "NetworkSection") {
            collect(child, "Network", view.networks);
        } else if (name == "ProductSection") {
            view.products.push_back(&child);
        }
    }
}

DescriptorView::Version version_of(std::string_view uri) {
    using Version = DescriptorView::Version;
    if (uri == kVmwareNamespace09) {
        return Version::v09;
    }
    if (uri == "http://schemas.dmtf.org/ovf/envelope/1" ||
        uri == "http://schemas.dmtf.org/ovf/1/envelope") {
        return Version::v1;
    }
    return uri == "http://schemas.dmtf.org/ovf/envelope/2" ? Version::v2 : Version::unknown;
}

const xml::Element* with_attribute(const std::vector<const xml::Element*>& elements,
                                   std::string_view local, std::string_view value) {
    const auto found = std::find_if(elements.begin(), elements.end(), [&](const auto* element) {
        return attribute_of(*element, local) == value;
    });
    return found == elements.end() ? nullptr : *found;
}

}  // namespace

std::string ItemView::name() const {
    std::string_view label = child_text_of(*element, "ElementName");
    if (label.empty()) {
        label = child_text_of(*element, "Caption");
    }
    return label.empty() ? fmt::format("item '{}'", instance)
                         : fmt::format("item '{}' ({})", instance, label);
}

std::string_view ItemView::text_of(std::string_view local) const {
    return child_text_of(*element, local);
}

bool ItemView::is_hard_disk() const {
    return type == resource::kDisk || type == resource::kLogicalDisk;
}

bool ItemView::is_drive() const {
    return is_hard_disk() || type == resource::kCdDrive || type == resource::kDvdDrive;
}

bool ItemView::is_controller() const {
    return type == resource::kIdeController || type == resource::kScsiController ||
           type == resource::kOtherStorage;
}

const ItemView* HardwareView::find_item(std::string_view instance) const {
    const auto found = std::find_if(items.begin(), items.end(), [&](const ItemView& item) {
        return item.instance == instance;
    });
    return found == items.end() ? nullptr : &*found;
}

DescriptorView::DescriptorView(const xml::Element& tree)
    : root(tree), version(version_of(tree.namespace_uri)) {
    look_at(root, *this);
}

const xml::Element* DescriptorView::find_file(std::string_view id) const {
    return with_attribute(files, "id", id);
}

const xml::Element* DescriptorView::find_disk(std::string_view id) const {
    return with_attribute(disks, "diskId", id);
}

std::string_view attribute_of(const xml::Element& element, std::string_view local) {
    return element.find_attribute(local).value_or("");
}

std::string_view child_text_of(const xml::Element& element, std::string_view local) {
    const xml::Element* child = element.find_child(local);
    return child == nullptr ? std::string_view() : child->trimmed_text();
}

std::optional<std::uint64_t> number_of(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc{} && end == text.data() + text.size() && !text.empty();
    return whole ? std::optional(value) : std::nullopt;
}

std::vector<std::string> subtypes_of(std::string_view text) {
    return words_of(base::to_lower(text));
}

std::optional<ResourceName> resource_of(std::string_view host_resource) {
    if (host_resource.starts_with("ovf:")) {
        host_resource.remove_prefix(4);
    }
    while (host_resource.starts_with('/')) {
        host_resource.remove_prefix(1);
    }
    const std::size_t slash = host_resource.find('/');
    const std::string kind(host_resource.substr(0, slash));
    if (slash == std::string_view::npos || (kind != "disk" && kind != "file")) {
        return std::nullopt;
    }
    return ResourceName{kind, host_resource.substr(slash + 1)};
}

}  // namespace ovfkit::lint
