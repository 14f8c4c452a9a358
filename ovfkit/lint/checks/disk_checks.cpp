// SPDX-License-Identifier: Apache-2.0
// OVF-3xx: the DiskSection.
#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include <fmt/format.h>

#include "base/letter_case.h"
#include "ovfkit/descriptor/units.h"
#include "ovfkit/lint/checks/checks.h"

namespace ovfkit::lint {

namespace {

constexpr std::array kDiskRules{
    Rule{"OVF-301", "the unit of a capacity is not written as the standard says",
         everywhere(kNote).with(kVmware | kVirtualBox, kWarning).with(kProxmox, kWarning),
         "Proxmox reads 'byte * 2^N' only and takes other disks as of unknown size; VirtualBox "
         "reads bytes only in older versions.",
         "Write capacityAllocationUnits=\"byte * 2^30\", or the capacity in bytes.",
         "DSP0243 9.1, DSP0004 annex C; pve-storage try_parse_capacity_unit"},
    Rule{"OVF-302", "a capacity is the value of a property",
         only(kVirtualBox | kProxmox | kOracleVm | kWorkstation, kError),
         "Only vCenter, ovftool and muster put the value of the property in.", "Write the number.",
         "DSP0243 9.1"},
    Rule{"OVF-303", "a disk is a delta of another one",
         everywhere(kError).with(kEsxi | kVcenter, kWarning).with(kMuster, Level::off),
         "Only ovftool and muster are known to put a disk together from its parents; VMware's web "
         "clients are not.",
         "Export flattened disks.", "DSP0243 9.1; OVF Tool guide, delta disks"},
    Rule{"OVF-304", "a disk is blank",
         everywhere(Level::off).with(kVirtV2v, kError).with(kProxmox, kWarning),
         "virt-v2v stops at a disk without ovf:fileRef; Proxmox leaves it out.",
         "Package an empty image for it.", "virt-v2v input/OVF.ml, pve-storage"},
    Rule{"OVF-305", "the format of a disk is not streamOptimized VMDK",
         everywhere(kNote).with(kVmware | kVirtualBox | kOracleVm, kError).with(kMuster, kWarning),
         "VMware's importers take nothing else; VirtualBox and Oracle VM read VMDK and VHD.",
         "Convert it: muster convert DISK DISK.vmdk.", "DSP0243 5.2; ovftool"},
    Rule{"OVF-306", "the format of a disk is an old spelling",
         everywhere(kNote).with(kVmware, kWarning),
         "http://www.vmware.com/specifications/vmdk.html#sparse and such were used before 2010.",
         "Write http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized.",
         "DSP0243 5.2"},
    Rule{"OVF-307", "a capacity is not a multiple of 512 bytes",
         everywhere(kWarning).with(kVmware | kVirtualBox, kError),
         "Disks are made of sectors; the capacity is often in the wrong unit.",
         "Correct the capacity or its unit.", "VMware Virtual Disk Format 5.0"},
    Rule{"OVF-308", "a disk is larger than VMware's limit of 62 TiB", only(kVmware, kError),
         "No datastore can hold it.", "Use several disks.", "vSphere configuration maximums"},
    Rule{"OVF-309", "a disk is not attached to anything",
         everywhere(kWarning).with(kVirtV2v | kProxmox, kNote),
         "No hardware item refers to it: it is uploaded and then not there.",
         "Add a hardware item, or remove the disk and its file.", "DSP0243 8.3, 9.1"},
    Rule{"OVF-310", "a disk is attached to several machines",
         everywhere(kWarning).with(kVmware | kMuster, kNote),
         "Each machine gets its own copy; who wanted one shared disk is surprised.",
         "Make a Disk for each machine, or a SharedDiskSection.", "DSP0243 9.1, 9.14"},
    Rule{"OVF-311", "a capacity is the size of the packed file", everywhere(kWarning),
         "Oracle VM writes the size of the VMDK as the capacity; importers that believe it make "
         "a disk that is too small.",
         "Write the capacity of the image's header.", "field: XO#6824"},
    Rule{"OVF-312", "the id of a disk has characters that Proxmox refuses", only(kProxmox, kError),
         "A disk whose id is not made of letters, digits and -._~ is left out.", "Rename the id.",
         "pve-storage GuestImport/OVF.pm"},
    Rule{"OVF-313", "a disk has no populated size", only(kVmware, kNote),
         "The vSphere client cannot say how much space a thin disk needs.",
         "Add ovf:populatedSize, in bytes.", "DSP0243 9.1"},
    Rule{"OVF-314", "a disk is encrypted", everywhere(kError),
         "Importers pass the encrypted bytes on as a disk.", "Package the plain image.",
         "DSP0243 9.15"},
};

constexpr std::string_view kStreamOptimized =
    "http://www.vmware.com/interfaces/specifications/vmdk.html#streamoptimized";

bool is_standard_unit(std::string_view unit) {
    std::string squeezed;
    std::copy_if(unit.begin(), unit.end(), std::back_inserter(squeezed),
                 [](unsigned char c) { return std::isspace(c) == 0; });
    if (squeezed == "byte") {
        return true;
    }
    if (!squeezed.starts_with("byte*")) {
        return false;
    }
    const std::size_t caret = squeezed.find('^');
    return caret != std::string::npos &&
           number_of(std::string_view(squeezed).substr(5, caret - 5)).has_value() &&
           number_of(std::string_view(squeezed).substr(caret + 1)).has_value();
}

void check_format(const xml::Element& disk, std::string_view id, Findings& findings) {
    const std::string format = base::to_lower(attribute_of(disk, "format"));
    if (format.empty() || format == kStreamOptimized) {
        return;
    }
    if (format.find("vmdk") == std::string::npos ||
        format.find("streamoptimized") == std::string::npos) {
        const bool old = format.find("vmware.com") != std::string::npos &&
                         (format.ends_with("#sparse") || format.ends_with("#compressed"));
        findings.add(
            old ? "OVF-306" : "OVF-305", disk.place,
            fmt::format("disk '{}' has the format '{}'", id, attribute_of(disk, "format")));
    } else {
        findings.add(
            "OVF-306", disk.place,
            fmt::format("disk '{}' has the format '{}'", id, attribute_of(disk, "format")));
    }
}

void check_capacity(const DescriptorView& view, const xml::Element& disk, std::string_view id,
                    Findings& findings) {
    constexpr std::uint64_t kMostOfVmware = 62ULL << 40U;
    const std::string_view capacity = attribute_of(disk, "capacity");
    const std::string_view unit = attribute_of(disk, "capacityAllocationUnits");
    if (!unit.empty() && !is_standard_unit(unit)) {
        findings.add("OVF-301", disk.place,
                     fmt::format("the capacity of disk '{}' is in '{}'", id, unit));
    }
    if (capacity.starts_with("${")) {
        findings.add("OVF-302", disk.place,
                     fmt::format("the capacity of disk '{}' is the property {}", id, capacity));
        return;
    }
    const auto factor = unit_factor(unit);
    const auto amount = number_of(capacity);
    const auto bytes = factor && amount ? multiply(*amount, *factor) : std::nullopt;
    if (!bytes) {
        return;  // the reader says so
    }
    if (*bytes % 512 != 0) {
        findings.add("OVF-307", disk.place,
                     fmt::format("the capacity of disk '{}' is {} bytes", id, *bytes));
    }
    if (*bytes > kMostOfVmware) {
        findings.add("OVF-308", disk.place, fmt::format("disk '{}' is larger than 62 TiB", id));
    }
    const xml::Element* file = view.find_file(attribute_of(disk, "fileRef"));
    if (file != nullptr && *bytes > 0 && number_of(attribute_of(*file, "size")) == bytes &&
        base::to_lower(attribute_of(disk, "format")).find("vmdk") != std::string::npos) {
        findings.add(
            "OVF-311", disk.place,
            fmt::format("the capacity of disk '{}' is the size of its file, {} bytes", id, *bytes));
    }
}

void check_disk(const DescriptorView& view, const xml::Element& disk, Findings& findings) {
    const std::string_view id = attribute_of(disk, "diskId");
    check_format(disk, id, findings);
    check_capacity(view, disk, id, findings);
    if (!attribute_of(disk, "parentRef").empty()) {
        findings.add(
            "OVF-303", disk.place,
            fmt::format("disk '{}' is a delta of disk '{}'", id, attribute_of(disk, "parentRef")));
    }
    if (attribute_of(disk, "fileRef").empty()) {
        findings.add("OVF-304", disk.place, fmt::format("disk '{}' is blank", id));
    } else if (!disk.find_attribute("populatedSize")) {
        findings.add("OVF-313", disk.place, fmt::format("disk '{}' has no populated size", id));
    }
    if (std::any_of(id.begin(), id.end(), [](unsigned char c) {
            return std::isalnum(c) == 0 &&
                   std::string_view("-._~").find(static_cast<char>(c)) == std::string_view::npos;
        })) {
        findings.add("OVF-312", disk.place,
                     fmt::format("the id '{}' of a disk has characters that Proxmox refuses", id));
    }
}

bool is_parent(const DescriptorView& view, std::string_view id) {
    return std::any_of(view.disks.begin(), view.disks.end(), [&](const xml::Element* disk) {
        return attribute_of(*disk, "parentRef") == id;
    });
}

// How many systems each disk is attached to.
std::map<std::string, std::size_t, std::less<>> users_of_disks(const DescriptorView& view) {
    std::map<std::string, std::size_t, std::less<>> users;
    for (const SystemView& system : view.systems) {
        std::map<std::string, bool, std::less<>> here;
        for (const HardwareView& hardware : system.hardware) {
            for (const ItemView& item : hardware.items) {
                const auto resource = resource_of(item.text_of("HostResource"));
                if (resource && resource->kind == "disk") {
                    here[std::string(resource->id)] = true;
                }
            }
        }
        for (const auto& [id, used] : here) {
            ++users[id];
        }
    }
    return users;
}

}  // namespace

Rules disk_rules() {
    return kDiskRules;
}

void check_disks(const DescriptorView& view, Findings& findings) {
    const auto users = users_of_disks(view);
    for (const xml::Element* disk : view.disks) {
        const std::string_view id = attribute_of(*disk, "diskId");
        check_disk(view, *disk, findings);
        const auto found = users.find(id);
        const std::size_t count = found == users.end() ? 0 : found->second;
        if (count == 0 && !is_parent(view, id) && !attribute_of(*disk, "fileRef").empty()) {
            findings.add("OVF-309", disk->place, fmt::format("nothing uses the disk '{}'", id));
        } else if (count > 1) {
            findings.add("OVF-310", disk->place,
                         fmt::format("disk '{}' is attached to {} machines", id, count));
        }
    }
    for (const xml::Element& child : view.root.children) {
        if (child.local_name == "EncryptionSection") {
            findings.add("OVF-314", child.place, "files of the package are encrypted");
        }
    }
}

}  // namespace ovfkit::lint
