// SPDX-License-Identifier: Apache-2.0
// OVF-4xx: virtual systems and collections, their names, operating systems and start order.
#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include <fmt/format.h>

#include "base/letter_case.h"
#include "ovfkit/descriptor/read/reading.h"
#include "ovfkit/lint/checks/checks.h"

namespace ovfkit::lint {

namespace {

constexpr std::array kSystemRules{
    Rule{"OVF-401", "a virtual system has no name",
         everywhere(kWarning).with(kMuster, kNote).with(kVcenter | kEsxi, kNote),
         "virt-v2v and VirtualBox make one up; exports of AWS have none.", "Add a Name.",
         "DSP0243 7.2; virt-v2v input/OVF.ml"},
    Rule{"OVF-402", "a name is longer than 80 characters", only(kVmware, kError),
         "vSphere refuses it.", "Shorten the Name.", "vSphere API, VirtualMachine.name"},
    Rule{"OVF-403", "a name has characters that Proxmox drops", only(kProxmox, kNote),
         "It keeps letters, digits, '-' and '.' only.", "Use those, or rename the machine there.",
         "pve-storage GuestImport/OVF.pm"},
    Rule{"OVF-404", "a virtual system has no OperatingSystemSection",
         everywhere(kNote).with(kVmware | kVirtualBox, kWarning).with(kMuster, Level::off),
         "The guest is taken for an unknown one: devices and defaults are chosen badly.",
         "Add the section with an id of CIM_OperatingSystem, such as 96 for Debian.",
         "DSP0243 9.10"},
    Rule{"OVF-405", "the operating system has no number",
         everywhere(kWarning).with(kVirtualBox, kError).with(kMuster, kNote),
         "VirtualBox stops at a section without ovf:id.", "Add ovf:id.",
         "DSP0243 9.10; VirtualBox ovfreader"},
    Rule{"OVF-406", "the operating system is unknown to the importers named",
         everywhere(kNote).with(kMuster, Level::off),
         "0, 1 and numbers that CIM_OperatingSystem does not have mean 'unknown' or 'other'.",
         "Use the number of the guest's system.", "DSP0243 9.10, CIM_OperatingSystem.OsType"},
    Rule{"OVF-407", "VMware's name of the operating system is missing", only(kVmware, kNote),
         "vSphere guesses the guest from the number, which is often too old for it.",
         "Add vmw:osType, such as debian11_64Guest.", "ovftool exports"},
    Rule{"OVF-408", "a virtual system has no hardware", everywhere(kError).with(kMuster, kWarning),
         "There is nothing to make a machine of.", "Add a VirtualHardwareSection.",
         "DSP0243 8.1; field: adsb-feeder#67"},
    Rule{"OVF-409", "a virtual system has several hardware sections",
         everywhere(kWarning).with(kVirtV2v | kProxmox, kError).with(kVcenter | kMuster, kNote),
         "They are alternatives; virt-v2v and Proxmox add up the devices of all.",
         "Keep one VirtualHardwareSection.", "DSP0243 8.1; virt-v2v input/OVF.ml"},
    Rule{"OVF-410", "the kind of virtual hardware is not named",
         everywhere(kNote).with(kVmware, kWarning).with(kVirtV2v | kProxmox | kMuster, Level::off),
         "vSphere then takes the oldest it knows.",
         "Add System/vssd:VirtualSystemType, such as vmx-14.", "DSP0243 8.1"},
    Rule{"OVF-411", "the hardware is of a kind that VMware refuses", only(kVmware, kError),
         "'Unsupported hardware family' ends the import of virtualbox-2.2 and the like.",
         "Write vmx-14, alone or beside the other one.",
         "field: owncloud vm#53, cyphon#176, ovftool"},
    Rule{"OVF-412", "the hardware version is too old or too new for VMware",
         only(kEsxi | kVcenter, kWarning).with(kWorkstation, kNote),
         "Versions below 10 are deprecated, and a host older than the version refuses it.",
         "Write vmx-13 to vmx-19.", "field: HAOS#3163; VMware KB 1003746"},
    Rule{"OVF-413", "a virtual system is started in no order", only(kVcenter | kMuster, kNote),
         "The StartupSection does not name it: when it starts is up to the importer.",
         "Add an Item for it.", "DSP0243 9.7"},
    Rule{"OVF-414", "an action of the StartupSection is unknown", everywhere(kWarning),
         "powerOn or none, and powerOff, guestShutdown, suspend or none are defined.",
         "Use one of them.", "DSP0243 9.7"},
    Rule{"OVF-415", "a licence has no text", everywhere(kWarning),
         "The user is asked to agree to nothing.", "Add License, or remove the section.",
         "DSP0243 9.6"},
    Rule{"OVF-416", "a StartupSection stands in a virtual system", everywhere(kWarning),
         "It belongs to a collection, and is not read here.", "Move it to the collection.",
         "DSP0243 9.7"},
    Rule{"OVF-417", "the firmware is unknown",
         everywhere(kWarning).with(kVirtV2v | kVmware, kError),
         "bios and efi are known; virt-v2v stops at others.", "Write bios or efi.",
         "virt-v2v input/OVF.ml"},
    Rule{"OVF-418", "the machine needs EFI", only(kOracleVm, kWarning),
         "The importer makes machines with a BIOS, which will not find a boot loader.",
         "Set the firmware after the import.", "vmw:Config firmware"},
    Rule{"OVF-419", "a network is not used", everywhere(kNote),
         "The user is asked to map it for nothing.", "Remove the Network.", "DSP0243 9.2"},
    Rule{"OVF-420", "a name has characters that vSphere encodes", only(kVmware, kWarning),
         "It shows / as %2f, \\ as %5c and % as %25.", "Leave / \\ and % out of the Name.",
         "vSphere API, VirtualMachine.name"},
};

void check_name(const SystemView& system, Findings& findings) {
    if (system.name.empty()) {
        findings.add("OVF-401", system.element->place,
                     fmt::format("the virtual system '{}' has no Name", system.id));
        return;
    }
    const auto characters = std::count_if(system.name.begin(), system.name.end(),
                                          [](char c) { return (c & 0xC0) != 0x80; });
    if (characters > 80) {
        findings.add("OVF-402", system.element->place,
                     fmt::format("the name of '{}' has {} characters", system.id, characters));
    }
    if (std::any_of(system.name.begin(), system.name.end(),
                    [](unsigned char c) { return std::isalnum(c) == 0 && c != '-' && c != '.'; })) {
        findings.add("OVF-403", system.element->place,
                     fmt::format("Proxmox drops characters of the name '{}'", system.name));
    }
    if (system.name.find_first_of("/\\%") != std::string_view::npos) {
        findings.add("OVF-420", system.element->place,
                     fmt::format("vSphere encodes characters of the name '{}'", system.name));
    }
}

void check_os(const SystemView& system, Findings& findings) {
    const auto& children = system.element->children;
    const auto section = std::find_if(
        children.begin(), children.end(),
        [](const xml::Element& child) { return section_name(child) == "OperatingSystemSection"; });
    if (section == children.end()) {
        findings.add("OVF-404", system.element->place,
                     fmt::format("'{}' has no OperatingSystemSection", system.id));
        return;
    }
    const auto id = section->find_attribute("id");
    const auto number = number_of(id.value_or(""));
    if (!id) {
        findings.add("OVF-405", section->place,
                     fmt::format("the operating system of '{}' has no ovf:id", system.id));
    } else if (!number || *number <= 1 || *number > 140) {
        findings.add("OVF-406", section->place,
                     fmt::format("the operating system of '{}' has the number {}", system.id, *id));
    }
    if (!section->find_attribute("http://www.vmware.com/schema/ovf", "osType")) {
        findings.add("OVF-407", section->place,
                     fmt::format("the operating system of '{}' has no vmw:osType", system.id));
    }
}

std::vector<std::string> words(std::string_view text) {
    std::string spaced(text);
    std::replace(spaced.begin(), spaced.end(), ',', ' ');
    return words_of(spaced);
}

void check_hardware_kind(const SystemView& system, const HardwareView& hardware,
                         Findings& findings) {
    const std::vector<std::string> types = words(hardware.system_types);
    const Place place = hardware.element->place;
    if (types.empty()) {
        findings.add("OVF-410", place,
                     fmt::format("the hardware of '{}' has no VirtualSystemType", system.id));
        return;
    }
    bool vmware = false;
    bool fitting = false;
    for (const std::string& type : types) {
        const auto version =
            type.starts_with("vmx-") ? number_of(std::string_view(type).substr(4)) : std::nullopt;
        vmware = vmware || type.starts_with("vmx-");
        fitting = fitting || (version && *version >= 10 && *version <= 21);
    }
    if (!vmware) {
        findings.add("OVF-411", place,
                     fmt::format("the hardware of '{}' is '{}'", system.id, hardware.system_types));
    } else if (!fitting) {
        findings.add("OVF-412", place,
                     fmt::format("the hardware of '{}' is '{}'", system.id, hardware.system_types));
    }
}

void check_firmware(const HardwareView& hardware, Findings& findings) {
    for (const xml::Element& child : hardware.element->children) {
        if (child.local_name != "Config" || attribute_of(child, "key") != "firmware") {
            continue;
        }
        const std::string value = base::to_lower(attribute_of(child, "value"));
        if (value == "efi") {
            findings.add("OVF-418", child.place, "the machine needs EFI");
        } else if (value != "bios") {
            findings.add("OVF-417", child.place, fmt::format("the firmware is '{}'", value));
        }
    }
}

void check_startup(const xml::Element& collection, Findings& findings) {
    std::set<std::string_view> named;
    const xml::Element* startup = nullptr;
    for (const xml::Element& child : collection.children) {
        if (section_name(child) == "StartupSection") {
            startup = &child;
        }
    }
    if (startup == nullptr) {
        return;
    }
    const auto check_action = [&](const xml::Element& item, std::string_view attribute,
                                  std::initializer_list<std::string_view> known) {
        const std::string_view action = attribute_of(item, attribute);
        if (!action.empty() && std::find(known.begin(), known.end(), action) == known.end()) {
            findings.add(
                "OVF-414", item.place,
                fmt::format("the {} of '{}' is '{}'", attribute, attribute_of(item, "id"), action));
        }
    };
    for (const xml::Element& item : startup->children) {
        named.insert(attribute_of(item, "id"));
        check_action(item, "startAction", {"powerOn", "none"});
        check_action(item, "stopAction", {"powerOff", "guestShutdown", "suspend", "none"});
    }
    for (const xml::Element& child : collection.children) {
        const std::string kind = section_name(child);
        const std::string_view id = attribute_of(child, "id");
        if ((kind == "VirtualSystem" || kind == "VirtualSystemCollection") && !named.contains(id)) {
            findings.add("OVF-413", child.place,
                         fmt::format("the StartupSection does not name '{}'", id));
        }
    }
}

void check_sections(const DescriptorView& view, Findings& findings) {
    for (const xml::Element* section : view.sections) {
        if (section_name(*section) == "EulaSection" && child_text_of(*section, "License").empty() &&
            (section->find_child("License") == nullptr ||
             attribute_of(*section->find_child("License"), "msgid").empty())) {
            findings.add("OVF-415", section->place, "an EulaSection has no text");
        }
    }
    for (const SystemView& system : view.systems) {
        for (const xml::Element& child : system.element->children) {
            if (section_name(child) == "StartupSection") {
                findings.add(
                    "OVF-416", child.place,
                    fmt::format("a StartupSection stands in the virtual system '{}'", system.id));
            }
        }
    }
}

void check_networks(const DescriptorView& view, Findings& findings) {
    std::set<std::string_view> used;
    for (const SystemView& system : view.systems) {
        for (const HardwareView& hardware : system.hardware) {
            for (const ItemView& item : hardware.items) {
                for (const xml::Element& child : item.element->children) {
                    if (child.local_name == "Connection") {
                        used.insert(child.trimmed_text());
                    }
                }
            }
        }
    }
    for (const xml::Element* network : view.networks) {
        if (!used.contains(attribute_of(*network, "name"))) {
            findings.add(
                "OVF-419", network->place,
                fmt::format("nothing is on the network '{}'", attribute_of(*network, "name")));
        }
    }
}

}  // namespace

Rules system_rules() {
    return kSystemRules;
}

void check_systems(const DescriptorView& view, Findings& findings) {
    for (const SystemView& system : view.systems) {
        check_name(system, findings);
        check_os(system, findings);
        if (system.hardware.empty()) {
            findings.add("OVF-408", system.element->place,
                         fmt::format("'{}' has no VirtualHardwareSection", system.id));
        } else if (system.hardware.size() > 1) {
            findings.add("OVF-409", system.hardware[1].element->place,
                         fmt::format("'{}' has {} VirtualHardwareSections", system.id,
                                     system.hardware.size()));
        }
        for (const HardwareView& hardware : system.hardware) {
            check_hardware_kind(system, hardware, findings);
            check_firmware(hardware, findings);
        }
    }
    for (const xml::Element* collection : view.collections) {
        check_startup(*collection, findings);
    }
    check_sections(view, findings);
    check_networks(view, findings);
}

}  // namespace ovfkit::lint
