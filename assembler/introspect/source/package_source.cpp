// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/source/package_source.h"

#include <fmt/format.h>

#include "assembler/introspect/source/disk_source.h"
#include "base/error.h"
#include "base/file.h"
#include "ovfkit/convert/convert.h"
#include "ovfkit/descriptor/envelope_queries.h"
#include "ovfkit/package/inspection.h"
#include "ovfkit/package/source/open_package.h"

namespace assembler {

namespace {

HardwareFact hardware_of(const ovfkit::Envelope& envelope, const ovfkit::VirtualSystem& system,
                         const std::string& configuration) {
    HardwareFact hardware{.name = ovfkit::display_name(system),
                          .memory_bytes = ovfkit::memory_bytes_of(system, configuration),
                          .vcpus = ovfkit::cpus_of(system, configuration)};
    const ovfkit::Firmware::Kind firmware = ovfkit::firmware_of(system).kind;
    if (firmware != ovfkit::Firmware::Kind::unspecified) {
        hardware.firmware = firmware == ovfkit::Firmware::Kind::efi ? "uefi" : "bios";
    }
    for (const ovfkit::AttachedDisk& disk : ovfkit::disks_of(envelope, system, configuration)) {
        if (!disk.is_cdrom && disk.file != nullptr) {
            hardware.disks.push_back(
                {.path = disk.file->href, .target = disk.disk == nullptr ? "" : disk.disk->id});
        }
    }
    for (const ovfkit::AttachedNic& nic : ovfkit::nics_of(system, configuration)) {
        hardware.nics.push_back({.network = nic.network, .mac = nic.mac});
    }
    return hardware;
}

// Each disk of the system in turn until one has its root.
IntrospectedMachine introspect_system(const MachineSource& source, const HardwareFact& hardware,
                                      const std::string& name, const SourceOptions& options) {
    const base::TempDir folder;
    std::optional<base::Error> first;
    for (const DiskFact& disk : hardware.disks) {
        ovfkit::ConvertOptions convert;
        convert.input = source.location;
        convert.output = (folder.path() / "disk.qcow2").string();
        if (!options.keep_disks.empty()) {
            convert.output = fmt::format("{}/{}.qcow2", options.keep_disks, name);
        }
        convert.from_package = true;
        convert.to = ovfkit::DiskForm::qcow2;
        convert.disk = disk.path;
        convert.policy.any_algorithm = true;
        convert.on_progress = options.on_progress;
        ovfkit::convert_disk(convert);
        try {
            IntrospectedMachine machine =
                introspect_disks({{convert.output, ovfkit::DiskFormat::qcow2, ""}},
                                 machine_options(name, options), options);
            if (options.keep_disks.empty()) {
                machine.from = {};
            }
            return machine;
        } catch (const base::Error& error) {
            if (error.kind() != base::ErrorKind::not_found &&
                error.kind() != base::ErrorKind::unsupported) {
                throw;
            }
            first = first ? first : error;
        }
        base::remove_all(convert.output);
    }
    throw first ? *first : base::Error(base::ErrorKind::not_found, "the system has no disks");
}

}  // namespace

std::vector<IntrospectedMachine> introspect_package(const MachineSource& source,
                                                    const SourceOptions& options) {
    if (source.location == "-") {
        throw base::Error(base::ErrorKind::unsupported,
                          "a package from standard input cannot be read once for each machine",
                          "put it into a file");
    }
    ovfkit::VerifyPolicy policy;
    policy.any_algorithm = true;
    const auto package = ovfkit::open_package(source.location);
    const ovfkit::Inspection inspection =
        ovfkit::inspect_source(*package, policy, options.on_progress);
    const ovfkit::Envelope& envelope = inspection.envelope;
    const std::string configuration = ovfkit::default_configuration(envelope);
    const std::vector<const ovfkit::VirtualSystem*> systems = ovfkit::all_systems(envelope);
    if (systems.size() > 1 && !source.name.empty()) {
        throw base::Error(base::ErrorKind::usage,
                          fmt::format("'{}' holds {} machines, which have names of their own",
                                      source.location, systems.size()),
                          "give it without NAME=");
    }
    std::vector<IntrospectedMachine> machines;
    for (const ovfkit::VirtualSystem* system : systems) {
        HardwareFact hardware = hardware_of(envelope, *system, configuration);
        const std::string name = source.name.empty() ? machine_name_of(system->id) : source.name;
        machines.push_back(base::in_context(fmt::format("system '{}'", system->id), [&] {
            return introspect_system(source, hardware, name, options);
        }));
        machines.back().facts.source = fmt::format("{}, system '{}'", source.location, system->id);
        machines.back().facts.hardware = std::move(hardware);
    }
    return machines;
}

}  // namespace assembler
