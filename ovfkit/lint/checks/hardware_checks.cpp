// SPDX-License-Identifier: Apache-2.0
// OVF-5xx: hardware items in general, processors and memory.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <fmt/format.h>

#include "ovfkit/descriptor/hardware.h"
#include "ovfkit/descriptor/units.h"
#include "ovfkit/lint/checks/checks.h"

namespace ovfkit::lint {

namespace {

using Version = DescriptorView::Version;
constexpr std::uint64_t kMiB = 1U << 20U;

constexpr std::array kHardwareRules{
    Rule{"OVF-501", "two hardware items have the same InstanceID", everywhere(kError),
         "Devices are plugged into the wrong controller, or one of them is lost.",
         "Give each item its own number.", "DSP0243 8.3"},
    Rule{"OVF-502", "a hardware item has no InstanceID", everywhere(kError),
         "Nothing can refer to it, and the schema requires it.", "Add rasd:InstanceID.",
         "DSP0243 8.3, DSP8023"},
    Rule{"OVF-503", "an InstanceID is not a whole number",
         everywhere(kWarning).with(kVirtV2v, kError).with(kMuster, kNote),
         "virt-v2v stops at a rasd:Parent that is no number; Xen Orchestra has written such ids.",
         "Number the items from 1.", "virt-v2v input/OVF.ml; field: XO"},
    Rule{"OVF-504", "a hardware item has no ElementName", everywhere(kNote).with(kVmware, kError),
         "The schema requires it, and ovftool stops without it.",
         "Add rasd:ElementName, such as 'Hard disk 1'.", "DSP0243 8.3, DSP8023"},
    Rule{"OVF-505", "the parts of a hardware item are out of order",
         everywhere(kNote).with(kVmware, kWarning),
         "The schema of CIM lists them by name, from Address to Weight.", "Sort them by name.",
         "DSP8023, CIM_ResourceAllocationSettingData"},
    Rule{"OVF-506", "the items are written in the words of another version",
         everywhere(kWarning).with(kVirtV2v | kProxmox | kVmware, kError),
         "OVF 0.9 says InstanceId and Caption where OVF 1 says InstanceID and ElementName; "
         "importers look for one of them only.",
         "Write rasd:InstanceID and rasd:ElementName.", "DSP0243 8.3; virt-v2v input/OVF.ml"},
    Rule{"OVF-507", "items of OVF 2 are in a descriptor of OVF 1", everywhere(kError),
         "StorageItem and EthernetPortItem do not exist there.", "Write Item with rasd elements.",
         "DSP8023 1.1; field: blackarch#1937"},
    Rule{"OVF-508", "items of OVF 2 are used",
         only(kVmware | kVirtV2v | kProxmox | kOracleVm, kError),
         "They read Item only: the machine comes without disks or network.",
         "Write Item with rasd elements.", "field: websploit#1; virt-v2v, pve-storage"},
    Rule{"OVF-509", "a machine has no processor item", everywhere(kWarning).with(kMuster, kNote),
         "One processor is assumed, or none.", "Add an Item of resource type 3.", "DSP0243 8.3"},
    Rule{"OVF-510", "a machine has no memory item",
         everywhere(kWarning).with(kVirtV2v | kVmware | kVirtualBox, kError),
         "virt-v2v then assumes a tebibyte.", "Add an Item of resource type 4.",
         "DSP0243 8.3; virt-v2v input/OVF.ml"},
    Rule{"OVF-511", "memory is not counted in MiB", only(kVirtV2v | kProxmox, kError),
         "Both take rasd:VirtualQuantity as MiB, whatever the unit says.",
         "Write AllocationUnits 'byte * 2^20' and the amount in MiB.",
         "virt-v2v input/OVF.ml, pve-storage GuestImport/OVF.pm"},
    Rule{"OVF-512", "the unit of memory is not written as the standard says", everywhere(kNote),
         "'MegaBytes' is of OVF 0.9; everyone still takes it for MiB.", "Write 'byte * 2^20'.",
         "DSP0004 annex C"},
    Rule{"OVF-513", "memory is not a multiple of 4 MiB", only(kVmware, kError),
         "vSphere refuses such an amount.", "Round it up.", "vSphere API, memoryMB"},
    Rule{"OVF-514", "there is less memory than a machine can run with", everywhere(kWarning),
         "Less than 4 MiB: the unit is probably wrong.", "Correct the amount or its unit.",
         "field: amounts without a unit"},
    Rule{"OVF-515", "the number of processors makes no sense", everywhere(kError),
         "0, or no number.", "Write a number from 1.", "DSP0243 8.3"},
    Rule{"OVF-516", "the processors do not divide into sockets",
         only(kVmware, kError).with(kVirtV2v, kWarning),
         "The number of processors must be a multiple of vmw:CoresPerSocket.",
         "Correct one of them.", "vSphere API; virt-v2v input/OVF.ml"},
    Rule{"OVF-517", "an item is for a configuration that does not exist", everywhere(kError),
         "It never holds.", "Add the Configuration, or correct ovf:configuration.",
         "DSP0243 8.3, 9.8"},
    Rule{"OVF-518", "a limit stands alone", everywhere(kWarning).with(kVcenter, kNote),
         "There is a minimum or maximum and no item that says how much.",
         "Add the item without ovf:bound.", "DSP0243 8.4"},
    Rule{"OVF-519", "a reservation is larger than the amount", only(kVmware | kMuster, kWarning),
         "It can never be met.", "Lower it to the amount.", "DSP0243 8.3"},
};

const xml::Element* configurations_of(const DescriptorView& view) {
    for (const xml::Element& child : view.root.children) {
        if (child.local_name == "DeploymentOptionSection") {
            return &child;
        }
    }
    return nullptr;
}

bool knows_configuration(const xml::Element* section, std::string_view id) {
    return section != nullptr &&
           std::any_of(section->children.begin(), section->children.end(),
                       [&](const xml::Element& one) { return attribute_of(one, "id") == id; });
}

void check_words(const DescriptorView& view, const ItemView& item, Findings& findings) {
    const xml::Element& element = *item.element;
    const bool old_words = element.find_child("InstanceId") != nullptr;
    const bool new_words = element.find_child("InstanceID") != nullptr;
    if ((view.version == Version::v1 && old_words && !new_words) ||
        (view.version == Version::v09 && new_words && !old_words)) {
        findings.add(
            "OVF-506", element.place,
            fmt::format("{} says {}", item.name(), old_words ? "InstanceId" : "InstanceID"));
    }
    if (element.local_name != "Item") {
        findings.add("OVF-508", element.place,
                     fmt::format("{} is a {}", item.name(), element.local_name));
        if (view.version != Version::v2) {
            findings.add("OVF-507", element.place,
                         fmt::format("a {} is in a descriptor of OVF 1", element.local_name));
        }
    }
}

void check_parts(const DescriptorView& view, const ItemView& item, Findings& findings) {
    const xml::Element& element = *item.element;
    if (item.instance.empty()) {
        findings.add("OVF-502", element.place, fmt::format("{} has no InstanceID", item.name()));
    } else if (!number_of(item.instance)) {
        findings.add("OVF-503", element.place,
                     fmt::format("the InstanceID '{}' is not a whole number", item.instance));
    }
    if (view.version == Version::v09) {
        return;
    }
    if (child_text_of(element, "ElementName").empty()) {
        findings.add("OVF-504", element.place, fmt::format("{} has no ElementName", item.name()));
    }
    std::string_view last;
    for (const xml::Element& child : element.children) {
        if (child.namespace_uri == element.namespace_uri ||
            child.namespace_uri.find("CIM_") == std::string::npos) {
            continue;  // extensions come last, in any order
        }
        if (std::string_view(child.local_name) < last) {
            findings.add(
                "OVF-505", child.place,
                fmt::format("in {}, {} stands after {}", item.name(), child.local_name, last));
            break;
        }
        last = child.local_name;
    }
}

void check_configuration(const DescriptorView& view, const ItemView& item, Findings& findings) {
    std::string_view rest = item.configuration;
    const xml::Element* section = configurations_of(view);
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(' '), rest.size());
        const std::string_view id = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (!id.empty() && !knows_configuration(section, id)) {
            findings.add("OVF-517", item.element->place,
                         fmt::format("{} is for the unknown configuration '{}'", item.name(), id));
        }
    }
}

void check_memory(const ItemView& item, Findings& findings) {
    const Place place = item.element->place;
    const std::string_view unit = item.text_of("AllocationUnits");
    const auto factor = unit_factor(unit);
    const auto amount = number_of(item.text_of("VirtualQuantity"));
    const auto bytes = factor && amount ? multiply(*factor, *amount) : std::nullopt;
    if (!bytes) {
        return;  // the reader says so
    }
    if (*factor != kMiB) {
        findings.add(
            "OVF-511", place,
            fmt::format("{} MiB of memory are written as {} '{}'", *bytes / kMiB, *amount, unit));
    } else if (unit.find('^') == std::string_view::npos) {
        findings.add("OVF-512", place, fmt::format("the unit of memory is '{}'", unit));
    }
    if (*bytes < 4 * kMiB) {
        findings.add("OVF-514", place, fmt::format("there are {} bytes of memory", *bytes));
    } else if (*bytes % (4 * kMiB) != 0) {
        findings.add("OVF-513", place,
                     fmt::format("there are {} bytes of memory, no multiple of 4 MiB", *bytes));
    }
}

void check_processor(const ItemView& item, Findings& findings) {
    const auto count = number_of(item.text_of("VirtualQuantity"));
    if (!count || *count == 0 || *count > 4096) {
        findings.add(
            "OVF-515", item.element->place,
            fmt::format("the number of processors is '{}'", item.text_of("VirtualQuantity")));
        return;
    }
    const auto cores = number_of(item.text_of("CoresPerSocket"));
    if (cores && (*cores == 0 || *count % *cores != 0)) {
        findings.add("OVF-516", item.element->place,
                     fmt::format("{} processors with {} cores in each socket", *count, *cores));
    }
}

void check_amount(const ItemView& item, Findings& findings) {
    if (item.bound.empty() && item.type == resource::kMemory) {
        check_memory(item, findings);
    }
    if (item.bound.empty() && item.type == resource::kProcessor) {
        check_processor(item, findings);
    }
    const auto amount = number_of(item.text_of("VirtualQuantity"));
    const auto reserved = number_of(item.text_of("Reservation"));
    if (amount && reserved && item.type == resource::kMemory && *reserved > *amount) {
        findings.add("OVF-519", item.element->place,
                     fmt::format("{} of {} are reserved", *reserved, *amount));
    }
}

void check_set(const SystemView& system, const HardwareView& hardware, Findings& findings) {
    std::set<std::string_view> instances;
    std::set<int> amounts;
    std::map<int, const ItemView*> limits;
    for (const ItemView& item : hardware.items) {
        if (item.is_plain() && !item.instance.empty() && !instances.insert(item.instance).second) {
            findings.add("OVF-501", item.element->place,
                         fmt::format("{} has an InstanceID that another item has", item.name()));
        }
        if (item.type && (item.bound.empty() || item.bound == "normal")) {
            amounts.insert(*item.type);
        } else if (item.type) {
            limits.emplace(*item.type, &item);
        }
    }
    for (const auto& [type, item] : limits) {
        if (!amounts.contains(type)) {
            findings.add("OVF-518", item->element->place,
                         fmt::format("{} is a limit without an amount", item->name()));
        }
    }
    const auto require = [&](int type, std::string_view rule, std::string_view what) {
        if (!amounts.contains(type) && !limits.contains(type)) {
            findings.add(rule, hardware.element->place,
                         fmt::format("'{}' has no {} item", system.id, what));
        }
    };
    require(resource::kProcessor, "OVF-509", "processor");
    require(resource::kMemory, "OVF-510", "memory");
}

}  // namespace

Rules hardware_rules() {
    return kHardwareRules;
}

void check_hardware(const DescriptorView& view, Findings& findings) {
    for (const SystemView& system : view.systems) {
        for (const HardwareView& hardware : system.hardware) {
            for (const ItemView& item : hardware.items) {
                check_words(view, item, findings);
                check_parts(view, item, findings);
                check_configuration(view, item, findings);
                check_amount(item, findings);
            }
            check_set(system, hardware, findings);
        }
    }
}

}  // namespace ovfkit::lint
