// SPDX-License-Identifier: Apache-2.0
#include "deployer/plan/plan_hardware.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/letter_case.h"
#include "deployer/plan/plan_disks.h"
#include "hvruntime/machine/machine_spec.h"
#include "ovfkit/descriptor/envelope_queries.h"

namespace deployer {

namespace {

using base::Error;
using base::ErrorKind;
using hvruntime::NicModel;
namespace resource = ovfkit::resource;

constexpr std::uint64_t kDefaultMemory = 512ULL << 20U;
constexpr std::uint32_t kMaxCpus = 128;

// As near as QEMU has it; see bus_of() in plan_disks.cpp.
NicModel model_of(const ovfkit::VirtualSystem& system, const ovfkit::HardwareItem& item) {
    const std::string subtype = base::to_lower(item.resource_subtype);
    if (system.machine || subtype.find("virtio") != std::string::npos) {
        return NicModel::virtio;
    }
    if (subtype.find("vmxnet") != std::string::npos) {
        return NicModel::vmxnet3;
    }
    return subtype == "e1000e" ? NicModel::e1000e : NicModel::e1000;
}

void plan_nics(const ovfkit::VirtualSystem& system, PlannedMachine& machine, DeploymentPlan& plan) {
    for (const ovfkit::AttachedNic& attached : ovfkit::nics_of(system, plan.configuration)) {
        if (attached.network.empty()) {
            plan.not_honoured.push_back(
                fmt::format("a network card of system '{}' without a network", system.id));
            continue;
        }
        if (find_network(plan, attached.network) == nullptr) {
            throw Error(ErrorKind::invalid_input,
                        fmt::format("system '{}' is on network '{}', which the descriptor does "
                                    "not declare",
                                    system.id, attached.network));
        }
        machine.nics.push_back({.network = attached.network,
                                .mac = attached.mac,
                                .model = std::string(to_string(model_of(system, *attached.item)))});
    }
}

// What an item asks for beyond the device itself.
void note_fields_of_item(const ovfkit::HardwareItem& item, const ovfkit::VirtualSystem& system,
                         DeploymentPlan& plan) {
    const auto ignore = [&](bool wanted, std::string_view what) {
        if (wanted) {
            plan.not_honoured.push_back(fmt::format("{} of hardware item '{}' of system '{}'", what,
                                                    item.element_name, system.id));
        }
    };
    const auto has = [&](std::string_view name) {
        return std::any_of(item.other_values.begin(), item.other_values.end(),
                           [&](const ovfkit::ItemValue& value) { return value.name == name; });
    };
    ignore(item.reservation.value_or(0) > 0, "the reservation");
    ignore(item.limit.has_value(), "the limit");
    ignore(has("Weight"), "the weight");
    ignore(has("PoolID"), "the pool");
    ignore(item.cores_per_socket.value_or(1) > 1, "the number of cores per socket");
    if (item.resource_type == resource::kEthernet) {
        ignore(item.connections.size() > 1, "every network but the first one");
        ignore(item.automatic_allocation == false, "starting without a connection");
    }
}

// vmw:Config and vmw:ExtraConfig, but for those that firmware_of() knows.
void note_settings(const ovfkit::VirtualSystem& system, DeploymentPlan& plan) {
    const std::set<std::string> known{"firmware", "bootOptions.efiSecureBootEnabled",
                                      "uefi.secureBoot.enabled", "vtpm.present"};
    std::set<std::string> keys;
    const auto collect = [&](const std::vector<ovfkit::VendorSetting>& settings) {
        for (const ovfkit::VendorSetting& setting : settings) {
            if (!known.contains(setting.key)) {
                keys.insert(setting.key);
            }
        }
    };
    if (const ovfkit::HardwareSection* hardware = ovfkit::chosen_hardware(system)) {
        collect(hardware->settings);
    }
    for (const ovfkit::HardwareItem* item : ovfkit::items_of(system, plan.configuration)) {
        collect(item->settings);
    }
    if (!keys.empty()) {
        plan.not_honoured.push_back(fmt::format("settings for VMware's products of system '{}': {}",
                                                system.id, fmt::join(keys, ", ")));
    }
}

// The environment comes on a CD-ROM; a guest may know another way only.
void note_transports(const ovfkit::VirtualSystem& system, DeploymentPlan& plan) {
    const ovfkit::HardwareSection* hardware = ovfkit::chosen_hardware(system);
    if (hardware == nullptr || hardware->transports.empty()) {
        return;
    }
    const auto& transports = hardware->transports;
    if (std::find(transports.begin(), transports.end(), "iso") == transports.end()) {
        plan.not_honoured.push_back(
            fmt::format("the transport '{}' of system '{}': its environment comes on a CD-ROM",
                        fmt::join(transports, " "), system.id));
    }
}

// Items that are neither honoured elsewhere nor without meaning for a machine of ours.
void note_other_items(const ovfkit::VirtualSystem& system, DeploymentPlan& plan) {
    for (const ovfkit::HardwareItem* item : ovfkit::items_of(system, plan.configuration)) {
        note_fields_of_item(*item, system, plan);
        switch (item->resource_type) {
            case resource::kProcessor:
            case resource::kMemory:
            case resource::kIdeController:
            case resource::kScsiController:
            case resource::kOtherStorage:
            case resource::kEthernet:
            case resource::kCdDrive:
            case resource::kDvdDrive:
            case resource::kDisk:
            case resource::kLogicalDisk: break;
            default:
                plan.not_honoured.push_back(
                    fmt::format("hardware item '{}' (resource type {}) of system '{}'",
                                item->element_name, item->resource_type, system.id));
        }
    }
    const ovfkit::Firmware firmware = ovfkit::firmware_of(system);
    const auto ignore = [&](bool wanted, std::string_view what) {
        if (wanted) {
            plan.not_honoured.push_back(fmt::format("{} of system '{}'", what, system.id));
        }
    };
    ignore(!firmware.tpm.empty(), "the TPM");
    if (firmware.secure_boot) {
        plan.not_honoured.push_back(fmt::format(
            "secure boot of system '{}': its firmware has no keys and starts any boot loader",
            system.id));
    }
    if (system.hardware.size() > 1) {
        plan.not_honoured.push_back(fmt::format(
            "system '{}' offers {} hardware sections: the one for '{}' is used", system.id,
            system.hardware.size(), fmt::join(ovfkit::chosen_hardware(system)->system_types, " ")));
    }
}

void plan_boot(const ovfkit::Envelope& envelope, const ovfkit::VirtualSystem& system,
               PlannedMachine& machine) {
    if (!system.machine || !system.machine->boot) {
        return;
    }
    const auto href_of = [&](const std::string& id) {
        const ovfkit::FileReference* file = ovfkit::find_file(envelope, id);
        if (file == nullptr) {
            throw Error(ErrorKind::invalid_input,
                        fmt::format("system '{}' boots from unknown file '{}'", system.id, id));
        }
        return file->href;
    };
    machine.kernel_member = href_of(system.machine->boot->kernel_file);
    if (!system.machine->boot->initrd_file.empty()) {
        machine.initrd_member = href_of(system.machine->boot->initrd_file);
    }
    machine.command_line = system.machine->boot->command_line;
}

// Within the limits of the descriptor (ovf:bound). DSP0243 8.4.
std::uint64_t keep_within(const ovfkit::QuantityRange& range, std::uint64_t wanted,
                          std::string_view what, const ovfkit::VirtualSystem& system,
                          DeploymentPlan& plan) {
    std::uint64_t amount = std::max(wanted, range.minimum.value_or(0));
    amount = std::min(amount, std::max(range.maximum.value_or(amount), range.minimum.value_or(0)));
    if (amount != wanted) {
        plan.not_honoured.push_back(
            fmt::format("{} {} of system '{}' is outside of the limits that its descriptor sets: "
                        "it gets {}",
                        wanted, what, system.id, amount));
    }
    return amount;
}

void plan_cpus(const ovfkit::VirtualSystem& system, PlannedMachine& machine, DeploymentPlan& plan) {
    const std::uint64_t cpus =
        keep_within(ovfkit::cpu_range_of(system, plan.configuration),
                    ovfkit::cpus_of(system, plan.configuration), "CPUs", system, plan);
    if (cpus < 1 || cpus > kMaxCpus) {
        throw Error(ErrorKind::unsupported,
                    fmt::format("system '{}' asks for {} CPUs, 1 to {} are possible", system.id,
                                cpus, kMaxCpus));
    }
    machine.cpus = static_cast<std::uint32_t>(cpus);
}

void plan_memory(const ovfkit::VirtualSystem& system, PlannedMachine& machine,
                 DeploymentPlan& plan) {
    const ovfkit::QuantityRange range = ovfkit::memory_range_of(system, plan.configuration);
    machine.memory_bytes = ovfkit::memory_bytes_of(system, plan.configuration);
    if (machine.memory_bytes == 0 && !range.minimum) {
        machine.memory_bytes = kDefaultMemory;
        plan.not_honoured.push_back(
            fmt::format("system '{}' says nothing about memory: it gets 512 MiB", system.id));
    }
    machine.memory_bytes =
        keep_within(range, machine.memory_bytes, "bytes of memory", system, plan);
}

}  // namespace

PlannedMachine plan_machine(const ovfkit::Envelope& envelope, const ovfkit::VirtualSystem& system,
                            DeploymentPlan& plan) {
    PlannedMachine machine{.system = system.id};
    if (ovfkit::firmware_of(system).kind == ovfkit::Firmware::Kind::efi) {
        machine.firmware = to_string(hvruntime::Firmware::efi);
    }
    plan_cpus(system, machine, plan);
    plan_memory(system, machine, plan);
    plan_disks(envelope, system, machine, plan);
    plan_nics(system, machine, plan);
    note_other_items(system, plan);
    note_settings(system, plan);
    note_transports(system, plan);
    plan_boot(envelope, system, machine);
    if (system.machine && system.machine->ready) {
        machine.ready = {.kind = std::string(to_string(system.machine->ready->kind)),
                         .target = system.machine->ready->target,
                         .timeout = system.machine->ready->timeout};
    } else {
        machine.ready.kind = "none";
    }
    return machine;
}

}  // namespace deployer
