// SPDX-License-Identifier: Apache-2.0
// OVF-6xx: drives and the controllers they are plugged into.
#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "ovfkit/descriptor/hardware.h"
#include "ovfkit/lint/checks/checks.h"

namespace ovfkit::lint {

namespace {

constexpr std::array kStorageRules{
    Rule{"OVF-601", "a hard disk has no controller",
         everywhere(kWarning).with(kVmware | kVirtualBox | kProxmox, kError).with(kMuster, kNote),
         "Proxmox leaves the disk out; VMware and VirtualBox stop.",
         "Let rasd:Parent be the InstanceID of a controller.",
         "DSP0243 8.3; pve-storage GuestImport/OVF.pm"},
    Rule{"OVF-602", "a drive is beside something that is no controller of drives",
         everywhere(kError).with(kVirtV2v | kMuster, kWarning),
         "IDE (5), SCSI (6) and SATA or NVMe (20) hold drives.",
         "Let rasd:Parent be the InstanceID of such a controller.",
         "DSP0243 8.3; virt-v2v input/OVF.ml"},
    Rule{"OVF-603", "a drive has no address on its controller",
         everywhere(kWarning).with(kProxmox, kError).with(kMuster, kNote),
         "The order of the disks is up to the importer; Proxmox makes no valid slot of it.",
         "Add rasd:AddressOnParent, from 0.", "DSP0243 8.3; pve-storage"},
    Rule{"OVF-604", "two drives have the same address on one controller", everywhere(kError),
         "One of them cannot be plugged in.", "Give each its own rasd:AddressOnParent.",
         "DSP0243 8.3"},
    Rule{"OVF-605", "two disks have the same address on controllers of one kind",
         only(kProxmox, kError),
         "Proxmox joins kind and address ('scsi0') and so puts two disks into one slot.",
         "Number the disks of all controllers of a kind in one go.",
         "pve-storage GuestImport/OVF.pm; field: XO#7046"},
    Rule{"OVF-606", "the HostResource of a drive is not written as the standard says",
         everywhere(kNote).with(kProxmox, kError),
         "Proxmox takes 'ovf:/disk/ID' only and leaves the disk out otherwise.",
         "Write ovf:/disk/ID or ovf:/file/ID.", "DSP0243 8.3; pve-storage"},
    Rule{"OVF-607", "the HostResource of a hard disk cannot be understood", everywhere(kError),
         "Nobody knows which disk it is.", "Write ovf:/disk/ID.", "DSP0243 8.3"},
    Rule{"OVF-608", "a hard disk has no HostResource", everywhere(kWarning).with(kVirtV2v, kError),
         "virt-v2v stops; others make a disk of a size of their own, or none.",
         "Add rasd:HostResource.", "DSP0243 8.3; virt-v2v input/OVF.ml"},
    Rule{"OVF-609", "an IDE controller has more than two drives",
         everywhere(kWarning).with(kVmware | kVirtualBox, kError),
         "A channel has a first and a second device.", "Use a second controller.", "ATA; ovftool"},
    Rule{"OVF-610", "a drive is at address 7 of a SCSI controller", only(kVmware, kError),
         "That is the controller's own.", "Use another address.", "vSphere API, unitNumber"},
    Rule{"OVF-611", "a drive is beyond the last address of its SCSI controller",
         everywhere(kWarning).with(kVmware, kError),
         "Controllers of this kind have addresses 0 to 15.", "Use a second controller.",
         "vSphere configuration maximums"},
    Rule{"OVF-612", "the kind of SCSI controller is unknown to VMware", only(kVmware, kError),
         "lsilogic, lsilogicsas, buslogic and VirtualSCSI are known.",
         "Write one of them into rasd:ResourceSubType.", "ovftool; vSphere API"},
    Rule{"OVF-613", "the SATA or NVMe controller is not named as VMware wants it",
         only(kVmware, kError), "VMware refuses AHCI as VirtualBox writes it.",
         "Write vmware.sata.ahci or vmware.nvme.controller.",
         "field: foundry-appliance#28, sexigraf#241; ovftool"},
    Rule{"OVF-614", "the controller of type 20 is unknown to VirtualBox", only(kVirtualBox, kError),
         "VirtualBox stops unless it is AHCI, VirtioSCSI or NVMe by its subtype.",
         "Write AHCI or vmware.sata.ahci.", "VirtualBox ovfreader"},
    Rule{"OVF-615", "the IDE controller is named as VirtualBox does", only(kVmware, kWarning),
         "PIIX3, PIIX4 and ICH6 mean nothing to VMware.", "Leave rasd:ResourceSubType out.",
         "field: foundry-appliance#28"},
    Rule{"OVF-616", "the SCSI controller is unknown to VirtualBox", only(kVirtualBox, kWarning),
         "lsilogic, lsilogicsas, buslogic and VirtioSCSI are known; VirtualSCSI becomes lsilogic.",
         "Write lsilogic.", "VirtualBox ovfreader"},
    Rule{"OVF-617", "a machine has no disk", everywhere(kNote).with(kVirtV2v, kError),
         "virt-v2v has nothing to convert.", "Add a disk, if it shall boot from one.",
         "virt-v2v: source has no disks"},
    Rule{"OVF-618", "disks are not in the order of their addresses", only(kVirtV2v, kWarning),
         "virt-v2v takes disks in the order of the items: the boot disk may be another one.",
         "Sort the items by controller and address.", "virt-v2v input/OVF.ml"},
};

constexpr std::array<std::string_view, 4> kVmwareScsi{"lsilogic", "lsilogicsas", "buslogic",
                                                      "virtualscsi"};
constexpr std::array<std::string_view, 2> kVmwareSata{"vmware.sata.ahci", "vmware.nvme.controller"};
constexpr std::array<std::string_view, 6> kVirtualBoxSata{
    "ahci", "sata", "vmware.sata.ahci", "virtioscsi", "nvme", "vmware.nvme.controller"};
constexpr std::array<std::string_view, 5> kVirtualBoxScsi{"lsilogic", "lsilogicsas", "buslogic",
                                                          "virtioscsi", "virtualscsi"};

// One of the subtypes to choose from is in the list.
template <typename T>
bool has_known(const T& list, const std::vector<std::string>& subtypes) {
    return std::find_first_of(list.begin(), list.end(), subtypes.begin(), subtypes.end()) !=
           list.end();
}

void check_controller(const ItemView& item, Findings& findings) {
    const std::vector<std::string> subtypes = subtypes_of(item.subtype);
    const auto add = [&](std::string_view rule) {
        findings.add(rule, item.element->place,
                     fmt::format("{} has the subtype '{}'", item.name(), item.subtype));
    };
    if (item.type == resource::kScsiController && !subtypes.empty()) {
        if (!has_known(kVmwareScsi, subtypes)) {
            add("OVF-612");
        }
        if (!has_known(kVirtualBoxScsi, subtypes)) {
            add("OVF-616");
        }
    } else if (item.type == resource::kOtherStorage) {
        if (!has_known(kVmwareSata, subtypes)) {
            add("OVF-613");
        }
        if (!has_known(kVirtualBoxSata, subtypes)) {
            add("OVF-614");
        }
    } else if (item.type == resource::kIdeController && !subtypes.empty() &&
               (subtypes.front().starts_with("piix") || subtypes.front() == "ich6")) {
        add("OVF-615");
    }
}

void check_host_resource(const ItemView& item, Findings& findings) {
    const std::string_view text = item.text_of("HostResource");
    const Place place = item.element->place;
    if (text.empty()) {
        if (item.is_hard_disk()) {
            findings.add("OVF-608", place, fmt::format("{} has no HostResource", item.name()));
        }
        return;
    }
    const auto resource = resource_of(text);
    if (!resource) {
        if (item.is_hard_disk()) {
            findings.add("OVF-607", place,
                         fmt::format("{} has the HostResource '{}'", item.name(), text));
        }
    } else if (text != fmt::format("ovf:/{}/{}", resource->kind, resource->id)) {
        findings.add("OVF-606", place,
                     fmt::format("{} has the HostResource '{}'", item.name(), text));
    }
}

void check_address(const ItemView& item, const ItemView& controller, Findings& findings) {
    const auto address = number_of(item.address);
    const Place place = item.element->place;
    if (!address) {
        findings.add("OVF-603", place, fmt::format("{} has no AddressOnParent", item.name()));
    } else if (controller.type == resource::kIdeController && *address > 1) {
        findings.add(
            "OVF-609", place,
            fmt::format("{} is at address {} of an IDE controller", item.name(), *address));
    } else if (controller.type == resource::kScsiController && *address == 7) {
        findings.add("OVF-610", place, fmt::format("{} is at address 7", item.name()));
    } else if (controller.type == resource::kScsiController && *address > 15) {
        findings.add("OVF-611", place, fmt::format("{} is at address {}", item.name(), *address));
    }
}

// The slots of Proxmox: kind of the controller and address.
using Slot = std::tuple<int, std::uint64_t>;

void check_drives(const HardwareView& hardware, Findings& findings) {
    std::map<std::tuple<std::string_view, std::uint64_t>, const ItemView*> places;
    std::map<Slot, const ItemView*> slots;
    for (const ItemView& item : hardware.items) {
        if (!item.is_drive()) {
            continue;
        }
        check_host_resource(item, findings);
        const ItemView* controller =
            item.parent.empty() ? nullptr : hardware.find_item(item.parent);
        if (item.parent.empty() && item.is_hard_disk()) {
            findings.add("OVF-601", item.element->place,
                         fmt::format("{} has no controller", item.name()));
        }
        if (controller == nullptr) {
            continue;  // an unknown parent is the reader's
        }
        if (!controller->is_controller()) {
            findings.add("OVF-602", item.element->place,
                         fmt::format("{} is beside {}", item.name(), controller->name()));
            continue;
        }
        check_address(item, *controller, findings);
        const auto address = number_of(item.address);
        if (!address || !item.is_plain()) {
            continue;
        }
        const auto [other, fresh] = places.emplace(std::tuple(item.parent, *address), &item);
        if (!fresh) {
            findings.add("OVF-604", item.element->place,
                         fmt::format("{} and {} are both at address {} of controller '{}'",
                                     other->second->name(), item.name(), *address, item.parent));
            continue;
        }
        if (item.is_hard_disk()) {
            const auto [same, free] = slots.emplace(Slot(*controller->type, *address), &item);
            if (!free) {
                findings.add("OVF-605", item.element->place,
                             fmt::format("{} and {} are both at address {}", same->second->name(),
                                         item.name(), *address));
            }
        }
    }
}

// As virt-v2v counts: the items as they come.
void check_sequence(const SystemView& system, const HardwareView& hardware, Findings& findings) {
    std::map<std::string_view, std::uint64_t> last;
    bool any = false;
    for (const ItemView& item : hardware.items) {
        if (!item.is_hard_disk()) {
            continue;
        }
        any = true;
        const auto address = number_of(item.address);
        if (!address || item.parent.empty()) {
            continue;
        }
        const auto [before, fresh] = last.emplace(item.parent, *address);
        if (!fresh && *address < before->second) {
            findings.add("OVF-618", item.element->place,
                         fmt::format("{} comes after a disk of a higher address", item.name()));
        }
        before->second = *address;
    }
    if (!any) {
        findings.add("OVF-617", hardware.element->place,
                     fmt::format("'{}' has no hard disk", system.id));
    }
}

}  // namespace

Rules storage_rules() {
    return kStorageRules;
}

void check_storage(const DescriptorView& view, Findings& findings) {
    for (const SystemView& system : view.systems) {
        for (const HardwareView& hardware : system.hardware) {
            for (const ItemView& item : hardware.items) {
                check_controller(item, findings);
            }
            check_drives(hardware, findings);
            check_sequence(system, hardware, findings);
        }
    }
}

}  // namespace ovfkit::lint
