// SPDX-License-Identifier: Apache-2.0
#include "deployer/plan/plan_disks.h"

#include <charconv>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/letter_case.h"
#include "hvruntime/machine/machine_spec.h"
#include "ovfkit/descriptor/envelope_queries.h"
#include "ovfkit/descriptor/units.h"

namespace deployer {

namespace {

using base::Error;
using base::ErrorKind;
using hvruntime::DiskBus;
namespace resource = ovfkit::resource;

constexpr std::uint64_t kMaxCapacity = 65536 * base::kGiB;  // as of disks that are imported
constexpr std::uint64_t kSector = 512;

void require_sane(std::uint64_t capacity, const std::string& disk) {
    if (capacity > kMaxCapacity) {
        throw Error(
            ErrorKind::unsupported,
            fmt::format("{} has a capacity of {}, at most {} are possible", disk,
                        base::format_byte_size(capacity), base::format_byte_size(kMaxCapacity)));
    }
}

// A system with our MachineSection is built for muster and has virtio drivers; any other guest gets
// what its descriptor asks for, as near as QEMU has it.
DiskBus bus_of(const ovfkit::VirtualSystem& system, const ovfkit::AttachedDisk& disk,
               DeploymentPlan& plan) {
    if (system.machine) {
        return DiskBus::virtio_blk;
    }
    if (disk.controller == nullptr) {
        return DiskBus::sata;
    }
    const std::string subtype = base::to_lower(disk.controller->resource_subtype);
    switch (disk.controller->resource_type) {
        case resource::kScsiController:
            if (subtype.find("virtio") == std::string::npos) {
                plan.not_honoured.push_back(fmt::format(
                    "SCSI controller '{}' of system '{}': its disks are attached by SATA instead",
                    disk.controller->resource_subtype, system.id));
                return DiskBus::sata;
            }
            return DiskBus::virtio_scsi;
        case resource::kIdeController: return DiskBus::ide;
        default:
            return subtype.find("virtio") != std::string::npos ? DiskBus::virtio_blk
                                                               : DiskBus::sata;
    }
}

// What is on a disk at first: a file of the package, over its parents when it is a delta.
PlannedDisk content_of(const ovfkit::Envelope& envelope, const ovfkit::AttachedDisk& attached) {
    PlannedDisk disk;
    if (attached.disk == nullptr) {
        if (attached.file != nullptr) {
            disk.member = attached.file->href;
            disk.compression = attached.file->compression;
        }
        return disk;
    }
    disk.capacity_bytes = attached.disk->capacity_bytes;
    disk.format = attached.disk->format;
    bool first = true;
    for (const ovfkit::Disk* layer : ovfkit::layers_of(envelope, *attached.disk)) {
        const ovfkit::FileReference* file = ovfkit::find_file(envelope, layer->file_ref);
        if (file == nullptr) {
            throw Error(
                ErrorKind::invalid_input,
                fmt::format("disk '{}' refers to unknown file '{}'", layer->id, layer->file_ref));
        }
        if (first) {
            disk.member = file->href;
            disk.format = layer->format;
            disk.compression = file->compression;
            first = false;
        } else {
            disk.parents.push_back({file->href, layer->format, file->compression});
        }
    }
    return disk;
}

void note_sharing(const ovfkit::Disk& disk, const ovfkit::VirtualSystem& system,
                  DeploymentPlan& plan) {
    if (disk.shared) {
        plan.not_honoured.push_back(
            fmt::format("disk '{}' is shared between machines: system '{}' gets a copy of its own",
                        disk.id, system.id));
    }
    if (disk.read_only) {
        plan.not_honoured.push_back(
            fmt::format("disk '{}' is read-only: system '{}' can write to it", disk.id, system.id));
    }
}

}  // namespace

void plan_disks(const ovfkit::Envelope& envelope, const ovfkit::VirtualSystem& system,
                PlannedMachine& machine, DeploymentPlan& plan) {
    for (const ovfkit::AttachedDisk& attached :
         ovfkit::disks_of(envelope, system, plan.configuration)) {
        if (attached.is_cdrom) {
            if (attached.file != nullptr) {
                plan.not_honoured.push_back(
                    fmt::format("CD-ROM '{}' of system '{}'", attached.file->href, system.id));
            }
            continue;
        }
        PlannedDisk disk = content_of(envelope, attached);
        disk.bus = std::string(to_string(bus_of(system, attached, plan)));
        const bool known_later =
            attached.disk != nullptr && !attached.disk->capacity_property.empty();
        if (disk.member.empty() && disk.capacity_bytes == 0 && !known_later) {
            throw Error(ErrorKind::invalid_input,
                        fmt::format("a blank disk of system '{}' has no capacity", system.id));
        }
        if (attached.disk != nullptr) {
            require_sane(disk.capacity_bytes, fmt::format("disk '{}'", attached.disk->id));
            note_sharing(*attached.disk, system, plan);
        }
        machine.disks.push_back(disk);
    }
}

namespace {

// What the property says for a machine: of its own, else of a collection (DSP0243 9.5.1).
std::optional<std::string> find_value(const ovfkit::Envelope& envelope,
                                      const PlannedMachine& machine, const std::string& key) {
    for (const PlannedProperty& property : machine.properties) {
        if (property.key == key) {
            return property.value;
        }
    }
    for (const ovfkit::VirtualSystemCollection* collection : ovfkit::all_collections(envelope)) {
        for (const ovfkit::ProductSection& section : collection->products) {
            for (const ovfkit::Property& property : section.properties) {
                if (ovfkit::environment_key(section, property) == key) {
                    return property.value;
                }
            }
        }
    }
    return std::nullopt;
}

// DSP0243 9.1: the value of the property in capacityAllocationUnits.
std::uint64_t capacity_of(const ovfkit::Disk& disk, const std::string& value) {
    std::uint64_t amount = 0;
    const char* end = value.data() + value.size();
    const auto [rest, fault] = std::from_chars(value.data(), end, amount);
    if (value.empty() || rest != end ||
        (fault != std::errc() && fault != std::errc::result_out_of_range)) {
        throw Error(ErrorKind::invalid_input, fmt::format("'{}' is not a whole number", value));
    }
    const auto bytes =
        fault == std::errc() ? ovfkit::multiply(amount, disk.capacity_unit_bytes) : std::nullopt;
    if (!bytes || *bytes > kMaxCapacity) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("{} units of {} are more than {}", value,
                                base::format_byte_size(disk.capacity_unit_bytes),
                                base::format_byte_size(kMaxCapacity)));
    }
    if (*bytes == 0) {
        throw Error(ErrorKind::invalid_input, "a disk of no size");
    }
    return (*bytes + kSector - 1) / kSector * kSector;
}

void plan_capacity(const ovfkit::Envelope& envelope, const PlannedMachine& machine,
                   const ovfkit::Disk& disk, PlannedDisk& planned) {
    const std::string& key = disk.capacity_property;
    const auto value = find_value(envelope, machine, key);
    if (!value) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("the capacity of disk '{}' is the value of property '{}', which "
                                "system '{}' does not have",
                                disk.id, key, machine.system));
    }
    try {
        planned.capacity_bytes = capacity_of(disk, *value);
    } catch (Error& error) {
        error.add_context(fmt::format("the capacity of disk '{}', property '{}.{}'", disk.id,
                                      machine.system, key));
        error.set_hint(fmt::format("give a size: --set {}.{}=NUMBER, in units of {}",
                                   machine.system, key,
                                   base::format_byte_size(disk.capacity_unit_bytes)));
        throw;
    }
}

}  // namespace

void plan_capacities(const ovfkit::Envelope& envelope, DeploymentPlan& plan) {
    for (PlannedMachine& machine : plan.machines) {
        std::size_t index = 0;
        const ovfkit::VirtualSystem* system = ovfkit::find_system(envelope, machine.system);
        for (const ovfkit::AttachedDisk& attached :
             ovfkit::disks_of(envelope, *system, plan.configuration)) {
            if (attached.is_cdrom) {
                continue;
            }
            PlannedDisk& planned = machine.disks.at(index++);
            if (attached.disk != nullptr && !attached.disk->capacity_property.empty()) {
                plan_capacity(envelope, machine, *attached.disk, planned);
            }
        }
    }
}

void note_unused_disks(const ovfkit::Envelope& envelope, DeploymentPlan& plan) {
    std::set<const ovfkit::Disk*> used;
    for (const ovfkit::VirtualSystem* system : ovfkit::all_systems(envelope)) {
        for (const ovfkit::AttachedDisk& attached :
             ovfkit::disks_of(envelope, *system, plan.configuration)) {
            if (attached.disk != nullptr) {
                const auto layers = ovfkit::layers_of(envelope, *attached.disk);
                used.insert(attached.disk);
                used.insert(layers.begin(), layers.end());
            }
        }
    }
    for (const ovfkit::Disk& disk : envelope.disks) {
        if (!used.contains(&disk)) {
            plan.not_honoured.push_back(fmt::format("disk '{}': no machine has it", disk.id));
        }
    }
}

}  // namespace deployer
