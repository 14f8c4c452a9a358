// SPDX-License-Identifier: Apache-2.0
// OVF-7xx: network adapters and the other devices.
#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include <fmt/format.h>

#include "base/letter_case.h"
#include "ovfkit/descriptor/hardware.h"
#include "ovfkit/lint/checks/checks.h"

namespace ovfkit::lint {

namespace {

constexpr int kSound = 35;
constexpr int kNvram = 32768;

constexpr std::array kDeviceRules{
    Rule{"OVF-701", "a network adapter is on no network", everywhere(kWarning).with(kMuster, kNote),
         "Importers leave it unplugged, or take the first network they have.",
         "Add rasd:Connection.", "DSP0243 8.3, 9.2"},
    Rule{"OVF-702", "the network adapter is of a kind that VMware refuses", only(kVmware, kError),
         "E1000, E1000e, PCNet32, VmxNet, VmxNet2 and VmxNet3 are known.",
         "Write E1000 or VmxNet3 into rasd:ResourceSubType.", "ovftool; vSphere API"},
    Rule{"OVF-703", "the network adapter becomes an E1000", only(kProxmox, kNote),
         "Proxmox keeps e1000, e1000e and vmxnet3 and makes an E1000 of all others.",
         "Nothing, or choose the adapter after the import.", "pve-storage GuestImport/OVF.pm"},
    Rule{"OVF-704", "the network adapter is of a kind that VirtualBox does not have",
         only(kVirtualBox, kWarning),
         "It is replaced by an Intel PRO/1000, and VmxNet3 guests may have no driver for it.",
         "Write E1000, PCNet32 or virtio.", "VirtualBox ovfreader"},
    Rule{"OVF-705", "a MAC address is malformed", everywhere(kWarning),
         "It is ignored, or the import stops.", "Write 00:16:3e:12:34:56.", "IEEE 802"},
    Rule{"OVF-706", "a MAC address is of a group", everywhere(kError),
         "The lowest bit of the first byte must be 0 in the address of an adapter.",
         "Write an even first byte.", "IEEE 802"},
    Rule{"OVF-707", "two adapters have the same MAC address", everywhere(kError),
         "Neither will be reached.", "Leave rasd:Address out.", "IEEE 802"},
    Rule{"OVF-708", "a fixed MAC address is in the package", everywhere(kNote),
         "Two deployments of it disturb each other.", "Leave rasd:Address out.",
         "field: clones of one appliance"},
    Rule{"OVF-709", "a device that VirtualBox does not know is required", only(kVirtualBox, kError),
         "'Unknown resource type in hardware item' ends the import.",
         "Add ovf:required=\"false\" to the Item.", "VirtualBox ovfreader"},
    Rule{"OVF-710", "a device that VMware does not know is required", only(kVmware, kError),
         "'The OVF package requires unsupported hardware' ends the import.",
         "Add ovf:required=\"false\" to the Item.", "ovftool"},
    Rule{"OVF-711", "a sound card is required",
         only(kVmware, kError).with(kOracleVm | kProxmox | kVirtV2v, kNote),
         "VMware refuses the sound cards of VirtualBox.",
         "Add ovf:required=\"false\" to the Item, or remove it.", "field: VirtualBox exports"},
    Rule{"OVF-712", "a USB controller is required", only(kVmware, kWarning),
         "VMware knows vmware.usb.ehci, vmware.usb.xhci and vmware.usb.pci only.",
         "Add ovf:required=\"false\" to the Item.", "ovftool"},
    Rule{"OVF-713", "the EFI variables are a hardware item",
         only(kVirtualBox, kWarning).with(kVmware | kOracleVm, kError),
         "Resource type 32768 is known to VirtualBox from 7.1 on.",
         "Remove the item; the firmware then starts with default variables.",
         "field: 'Unknown resource type 32768'"},
    Rule{"OVF-714", "a device of the host is passed through", everywhere(kWarning),
         "There will be no such device on the importing host.",
         "Remove the Item, or mark it ovf:required=\"false\".", "vSphere API, pciPassthru"},
    Rule{"OVF-715", "a machine has no network adapter", everywhere(kNote), "Nothing can reach it.",
         "Add an Item of resource type 10, if it shall be reached.", "DSP0243 8.3"},
};

constexpr std::array<std::string_view, 10> kVmwareNics{
    "e1000",   "e1000e",   "pcnet32",           "vmxnet",       "vmxnet2",
    "vmxnet3", "flexible", "sriovethernetcard", "vmxnet3vrdma", "vmware.vmxnet3"};
constexpr std::array<std::string_view, 3> kProxmoxNics{"e1000", "e1000e", "vmxnet3"};
// Known to VirtualBox's reader; 16 is a DVD drive in the field.
constexpr std::array kVirtualBoxTypes{3, 4, 5, 6, 10, 14, 15, 16, 17, 20, 23, kSound, kNvram};
constexpr std::array kVmwareTypes{1, 3, 4, 5, 6, 10, 13, 14, 15, 16, 17, 20, 21, 22, 23, 24};

template <typename T, typename V>
bool holds(const T& list, const V& value) {
    return std::find(list.begin(), list.end(), value) != list.end();
}

// "001122aabbcc" of every common way to write it; empty when it is none.
std::string mac_digits(std::string_view text) {
    std::string digits;
    for (const char c : text) {
        if (std::isxdigit(static_cast<unsigned char>(c)) != 0) {
            digits += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        } else if (c != ':' && c != '-' && c != '.') {
            return "";
        }
    }
    return digits.size() == 12 ? digits : "";
}

void check_mac(const ItemView& item, std::set<std::string>& known, Findings& findings) {
    const std::string_view text = item.text_of("Address");
    if (text.empty()) {
        return;
    }
    const auto add = [&](std::string_view rule) {
        findings.add(rule, item.element->place,
                     fmt::format("{} has the address '{}'", item.name(), text));
    };
    const std::string digits = mac_digits(text);
    if (digits.empty()) {
        add("OVF-705");
        return;
    }
    if (std::string_view("13579bdf").find(digits[1]) != std::string_view::npos) {
        add("OVF-706");
    } else {
        add("OVF-708");
    }
    if (item.is_plain() && !known.insert(digits).second) {
        add("OVF-707");
    }
}

void check_adapter(const ItemView& item, Findings& findings) {
    const std::vector<std::string> subtypes = subtypes_of(item.subtype);
    const auto add = [&](std::string_view rule) {
        findings.add(rule, item.element->place,
                     fmt::format("{} has the subtype '{}'", item.name(), item.subtype));
    };
    const auto any_of = [&](const auto& list) {
        return std::any_of(subtypes.begin(), subtypes.end(),
                           [&](const std::string& subtype) { return holds(list, subtype); });
    };
    if (item.text_of("Connection").empty()) {
        findings.add("OVF-701", item.element->place,
                     fmt::format("{} is on no network", item.name()));
    }
    if (!subtypes.empty() && !any_of(kVmwareNics)) {
        add("OVF-702");
    }
    if (!subtypes.empty() && !any_of(kProxmoxNics)) {
        add("OVF-703");
    }
    if (std::all_of(subtypes.begin(), subtypes.end(),
                    [](const std::string& subtype) {
                        return subtype.starts_with("vmxnet") || subtype == "sriovethernetcard";
                    }) &&
        !subtypes.empty()) {
        add("OVF-704");
    }
}

void check_device(const ItemView& item, Findings& findings) {
    const Place place = item.element->place;
    if (!item.type || !item.required) {
        return;
    }
    const auto add = [&](std::string_view rule) {
        findings.add(rule, place,
                     fmt::format("{} is of resource type {}", item.name(), *item.type));
    };
    if (*item.type == kSound) {
        add("OVF-711");
    } else if (*item.type == kNvram) {
        add("OVF-713");
    } else if (*item.type == resource::kUsbController) {
        if (!base::to_lower(item.subtype).starts_with("vmware.usb.")) {
            add("OVF-712");
        }
    } else if (base::to_lower(item.subtype).find("pcipassthr") != std::string::npos) {
        add("OVF-714");
    } else if (!holds(kVmwareTypes, *item.type) && *item.type != resource::kLogicalDisk) {
        add("OVF-710");
    }
    if (!holds(kVirtualBoxTypes, *item.type) && *item.type != resource::kLogicalDisk) {
        add("OVF-709");
    }
}

}  // namespace

Rules device_rules() {
    return kDeviceRules;
}

void check_devices(const DescriptorView& view, Findings& findings) {
    std::set<std::string> addresses;
    for (const SystemView& system : view.systems) {
        for (const HardwareView& hardware : system.hardware) {
            bool any = false;
            for (const ItemView& item : hardware.items) {
                check_device(item, findings);
                if (item.type == resource::kEthernet) {
                    any = true;
                    check_adapter(item, findings);
                    check_mac(item, addresses, findings);
                }
            }
            if (!any) {
                findings.add("OVF-715", hardware.element->place,
                             fmt::format("'{}' has no network adapter", system.id));
            }
        }
    }
}

}  // namespace ovfkit::lint
