// SPDX-License-Identifier: Apache-2.0
// VirtualSystem and VirtualSystemCollection with their sections. DSP0243 7.2, 9.3 to 9.9.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "ovfkit/descriptor/read/reading.h"

namespace ovfkit {

namespace {

// Sections of the envelope, which must not stand inside a system.
constexpr std::array<std::string_view, 4> kEnvelopeSections{
    "References", "DiskSection", "NetworkSection", "DeploymentOptionSection"};

OperatingSystem read_os(Reading& reading, const xml::Element& element) {
    for (const xml::Element& child : element.children) {
        if (child.local_name != "Info" && child.local_name != "Description" &&
            child.local_name != "OSType") {
            reading.check_unknown_child(element, child);
        }
    }
    OperatingSystem os;
    os.place = element.place;
    if (const auto id = reading.number(element, "id")) {
        os.id = static_cast<int>(std::min<std::uint64_t>(*id, 0xFFFF));
    } else if (!element.find_attribute("id")) {
        reading.add(reading.is_version_09 ? Severity::error : Severity::warning, element.place,
                    "missing-attribute", "the OperatingSystemSection has no attribute 'id'");
    }
    os.version = element.find_attribute("version").value_or("");
    os.info = message_text(element, "Info", os.message_ids);
    os.description = message_text(element, "Description", os.message_ids);
    os.vmware_type =
        element.find_attribute("http://www.vmware.com/schema/ovf", "osType").value_or("");
    os.virtualbox_type = child_text(element, "OSType");
    return os;
}

Eula read_eula(Reading& reading, const xml::Element& element) {
    reading.check_children(element, {"Info", "License"});
    Eula eula;
    eula.place = element.place;
    eula.info = message_text(element, "Info", eula.message_ids);
    eula.license = message_text(element, "License", eula.message_ids);
    return eula;
}

// Several sections are read as one.
template <typename T>
void read_annotation(Reading& reading, const xml::Element& element, T& owner) {
    reading.check_children(element, {"Info", "Annotation"});
    MessageIds ids;
    const std::string text = message_text(element, "Annotation", ids);
    if (owner.annotation.empty()) {
        owner.annotation = text;
        owner.message_ids.merge(ids);
    } else if (!text.empty()) {
        owner.annotation += "\n\n" + text;
        owner.message_ids.erase("Annotation");
    }
}

// DSP0243 9.7; "suspend" is what vCenter writes besides.
void check_actions(Reading& reading, const StartupItem& item) {
    constexpr std::array<std::string_view, 2> kStart{"powerOn", "none"};
    constexpr std::array<std::string_view, 4> kStop{"powerOff", "guestShutdown", "none", "suspend"};
    if (std::find(kStart.begin(), kStart.end(), item.start_action) == kStart.end()) {
        reading.error(item.place, "bad-action",
                      fmt::format("the startAction of '{}' is '{}', not powerOn or none", item.id,
                                  item.start_action));
    }
    if (std::find(kStop.begin(), kStop.end(), item.stop_action) == kStop.end()) {
        reading.error(item.place, "bad-action",
                      fmt::format("the stopAction of '{}' is '{}', not powerOff, guestShutdown or "
                                  "none",
                                  item.id, item.stop_action));
    }
}

std::vector<StartupItem> read_startup(Reading& reading, const xml::Element& element) {
    reading.check_children(element, {"Info", "Item"});
    std::vector<StartupItem> items;
    for (const xml::Element& child : element.children) {
        if (child.local_name != "Item") {
            continue;
        }
        const auto number = [&](std::string_view attribute) {
            return clamped(reading.number(child, attribute));
        };
        StartupItem item;
        item.place = child.place;
        item.id = reading.require(child, "id", "an Item of the StartupSection");
        item.order = number("order");
        item.start_delay_seconds = number("startDelay");
        item.waiting_for_guest = reading.boolean(child, "waitingForGuest", false);
        item.start_action = child.find_attribute("startAction").value_or("powerOn");
        item.stop_delay_seconds = number("stopDelay");
        item.stop_action = child.find_attribute("stopAction").value_or("powerOff");
        check_actions(reading, item);
        items.push_back(std::move(item));
    }
    return items;
}

std::string message_of(const xml::Element& element, MessageIds& ids) {
    if (const auto id = element.find_attribute("msgid"); id && !id->empty()) {
        ids.emplace(element.local_name, *id);
    }
    return std::string(element.trimmed_text());
}

// What systems and collections have in common. False: the child is something else.
template <typename T>
bool read_common(Reading& reading, const xml::Element& child, const std::string& name, T& owner) {
    reading.check_info(child, name);
    if (name == "Info") {
        owner.info = message_of(child, owner.message_ids);
    } else if (name == "Name") {
        owner.name = message_of(child, owner.message_ids);
    } else if (name == "PlacementSection") {
        owner.placement = read_placement(reading, child);
    } else if (name == "ProductSection") {
        owner.products.push_back(read_product(reading, child));
    } else if (name == "EulaSection") {
        owner.eulas.push_back(read_eula(reading, child));
    } else if (name == "AnnotationSection") {
        read_annotation(reading, child, owner);
    } else if (name == "AssemblySection" && child.namespace_uri == kMusterNamespace) {
        owner.assembly = read_assembly_section(reading, child);
    } else if (std::find(kEnvelopeSections.begin(), kEnvelopeSections.end(), name) !=
               kEnvelopeSections.end()) {
        reading.error(child.place, "misplaced-section",
                      fmt::format("{} belongs to the envelope, not into '{}'", name, owner.id));
    } else {
        return false;
    }
    return true;
}

VirtualSystem read_system(Reading& reading, const xml::Element& element) {
    VirtualSystem system;
    system.place = element.place;
    system.id = reading.require(element, "id", "a VirtualSystem");
    const std::string owner = fmt::format("virtual system '{}'", system.id);
    reading.check_once(element, {"OperatingSystemSection", "InstallSection", "BootDeviceSection"});
    for (const xml::Element& child : element.children) {
        const std::string name = section_name(child);
        if (read_common(reading, child, name, system)) {
            continue;
        }
        if (name == "VirtualHardwareSection") {
            system.hardware.push_back(read_hardware(reading, child));
        } else if (name == "OperatingSystemSection") {
            system.os = read_os(reading, child);
        } else if (name == "InstallSection") {
            system.install = read_install(reading, child);
        } else if (name == "BootDeviceSection") {
            system.boot_configurations = read_boot_devices(reading, child);
        } else if (name == "EnvironmentFilesSection") {
            system.environment_files = read_environment_files(reading, child);
            system.environment_files_transport = child.find_attribute("transport").value_or("");
        } else if (name == "MachineSection" && child.namespace_uri == kMusterNamespace) {
            system.machine = read_machine_section(reading, child);
        } else {
            system.unknown_sections.push_back(reading.unknown_section(child, name, owner));
        }
    }
    return system;
}

VirtualSystemCollection read_collection(Reading& reading, const xml::Element& element) {
    VirtualSystemCollection collection;
    collection.place = element.place;
    collection.id = reading.require(element, "id", "a VirtualSystemCollection");
    const std::string owner = fmt::format("collection '{}'", collection.id);
    reading.check_once(element, {"StartupSection", "ResourceAllocationSection"});
    for (const xml::Element& child : element.children) {
        const std::string name = section_name(child);
        if (read_common(reading, child, name, collection)) {
            continue;
        }
        if (name == "VirtualSystem" || name == "VirtualSystemCollection") {
            reading.check_info(child, name);
            collection.members.push_back(read_content(reading, child, name));
        } else if (name == "StartupSection") {
            collection.startup = read_startup(reading, child);
        } else if (name == "ResourceAllocationSection") {
            collection.resource_allocation = read_resource_allocation(reading, child);
        } else if (name == "ScaleOutSection") {
            collection.scale_outs.push_back(read_scale_out(reading, child));
        } else {
            collection.unknown_sections.push_back(reading.unknown_section(child, name, owner));
        }
    }
    return collection;
}

}  // namespace

Content read_content(Reading& reading, const xml::Element& element, const std::string& kind) {
    if (kind == "VirtualSystem") {
        return read_system(reading, element);
    }
    return read_collection(reading, element);
}

}  // namespace ovfkit
