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
    reading.check_children(element, {"Info", "Description"});
    OperatingSystem os;
    os.place = element.place;
    if (const auto id = reading.number(element, "id")) {
        os.id = static_cast<int>(std::min<std::uint64_t>(*id, 0xFFFF));
    }
    os.version = element.find_attribute("version").value_or("");
    os.info = child_text(element, "Info");
    os.description = child_text(element, "Description");
    return os;
}

Eula read_eula(Reading& reading, const xml::Element& element) {
    reading.check_children(element, {"Info", "License"});
    return {element.place, child_text(element, "Info"), child_text(element, "License")};
}

std::string read_annotation(Reading& reading, const xml::Element& element) {
    reading.check_children(element, {"Info", "Annotation"});
    return child_text(element, "Annotation");
}

std::vector<StartupItem> read_startup(Reading& reading, const xml::Element& element) {
    reading.check_children(element, {"Info", "Item"});
    std::vector<StartupItem> items;
    for (const xml::Element& child : element.children) {
        if (child.local_name != "Item") {
            continue;
        }
        const auto number = [&](std::string_view attribute) {
            return static_cast<std::uint32_t>(
                std::min<std::uint64_t>(reading.number(child, attribute).value_or(0), 0xFFFF));
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
        items.push_back(std::move(item));
    }
    return items;
}

// What systems and collections have in common. False: the child is something else.
template <typename T>
bool read_common(Reading& reading, const xml::Element& child, const std::string& name, T& owner) {
    reading.check_info(child, name);
    if (name == "Info") {
        owner.info = child.trimmed_text();
    } else if (name == "Name") {
        owner.name = child.trimmed_text();
    } else if (name == "ProductSection") {
        owner.products.push_back(read_product(reading, child));
    } else if (name == "EulaSection") {
        owner.eulas.push_back(read_eula(reading, child));
    } else if (name == "AnnotationSection") {
        owner.annotation = read_annotation(reading, child);
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
    for (const xml::Element& child : element.children) {
        const std::string name = section_name(child);
        if (read_common(reading, child, name, system)) {
            continue;
        }
        if (name == "VirtualHardwareSection") {
            system.hardware.push_back(read_hardware(reading, child));
        } else if (name == "OperatingSystemSection") {
            system.os = read_os(reading, child);
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
    for (const xml::Element& child : element.children) {
        const std::string name = section_name(child);
        if (read_common(reading, child, name, collection)) {
            continue;
        }
        if (name == "VirtualSystem" || name == "VirtualSystemCollection") {
            collection.members.push_back(read_content(reading, child, name));
        } else if (name == "StartupSection") {
            collection.startup = read_startup(reading, child);
        } else if (name == "AssemblySection" && child.namespace_uri == kMusterNamespace) {
            collection.assembly = read_assembly_section(reading, child);
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
