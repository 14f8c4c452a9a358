// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/source/machine_source.h"

#include <filesystem>

#include <fmt/format.h>

#include "assembler/introspect/source/disk_source.h"
#include "assembler/introspect/source/machine_hardware.h"
#include "assembler/introspect/source/package_source.h"
#include "assembler/introspect/source/ssh_source.h"
#include "base/error.h"
#include "base/file.h"
#include "imagebuilder/filetree/directory_tree.h"
#include "ovfkit/convert/disk_form.h"
#include "ovfkit/package/source/open_package.h"

namespace assembler {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxHardwareText = std::uint64_t{4} << 20U;

bool is_url(const std::string& location) {
    return location.find("://") != std::string::npos;
}

// A folder with a descriptor is a package, unless it has a machine's files too.
bool is_machine_folder(const std::string& location) {
    std::error_code ignored;
    return fs::is_directory(location, ignored) &&
           (fs::exists(fs::path(location) / "etc", ignored) ||
            !ovfkit::find_folder_descriptor(location));
}

// What another hypervisor has: its disks, one of which has the system.
IntrospectedMachine introspect_described(const MachineSource& source, HardwareFact hardware,
                                         const SourceOptions& options) {
    std::vector<imagebuilder::DiskFile> disks;
    for (const DiskFact& disk : hardware.disks) {
        const fs::path path = fs::path(source.location).parent_path() / disk.path;
        if (!disk.path.empty()) {
            disks.push_back({path.string(), ovfkit::find_disk_format(disk.format), ""});
        }
    }
    const std::string name = source.name.empty() && !hardware.name.empty()
                                 ? machine_name_of(hardware.name)
                                 : source.name;
    IntrospectedMachine machine = introspect_disks(disks, machine_options(name, options), options);
    machine.facts.hardware = std::move(hardware);
    return machine;
}

IntrospectedMachine introspect_one(const MachineSource& source, const SourceOptions& options) {
    const IntrospectOptions one = machine_options(source.name, options);
    const std::string& location = source.location;
    if (is_machine_folder(location)) {
        IntrospectedMachine machine =
            introspect_files(*imagebuilder::open_directory_tree(location), one, options.also);
        machine.from.folder = location;
        return machine;
    }
    if (location.ends_with(".xml")) {
        return introspect_described(
            source, parse_libvirt_domain(base::read_file(location, kMaxHardwareText), location),
            options);
    }
    if (location.ends_with(".vmx")) {
        return introspect_described(
            source, parse_vmx(base::read_file(location, kMaxHardwareText), location), options);
    }
    return introspect_disks({{location, std::nullopt, ""}}, one, options);
}

// Disks that the caller has found.
IntrospectedMachine introspect_found(const MachineSource& source, const SourceOptions& options) {
    IntrospectedMachine machine =
        introspect_disks(source.disks, machine_options(source.name, options), options);
    machine.facts.hardware = source.hardware;
    machine.facts.source = source.location;
    if (source.check) {
        source.check();
    }
    return machine;
}

}  // namespace

IntrospectOptions machine_options(const std::string& name, const SourceOptions& options) {
    return {.name = name, .with_secrets = options.with_secrets, .plugins = options.plugins};
}

MachineSource parse_machine_source(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos ||
        text.substr(0, equals).find('/') != std::string_view::npos) {
        return {.name = "", .location = std::string(text)};
    }
    const std::string name(text.substr(0, equals));
    if (name.empty() || machine_name_of(name) != name || equals + 1 == text.size()) {
        throw base::Error(base::ErrorKind::usage, fmt::format("'{}' is no NAME=SOURCE", text),
                          "a machine's name has lower-case letters, digits and '-'");
    }
    return {.name = name, .location = std::string(text.substr(equals + 1))};
}

std::vector<IntrospectedMachine> introspect_source(const MachineSource& source,
                                                   const SourceOptions& options) {
    const std::string& location = source.location;
    if (!source.disks.empty()) {
        return {introspect_found(source, options)};
    }
    if (const auto target = find_ssh_target(location)) {
        IntrospectedMachine machine = introspect_over_ssh(*target, source, options);
        machine.facts.source = location;
        return {std::move(machine)};
    }
    std::error_code ignored;
    if (!is_url(location) && location != "-" && !fs::exists(location, ignored)) {
        throw base::Error(base::ErrorKind::not_found, fmt::format("there is no '{}'", location));
    }
    const bool is_description = location.ends_with(".xml") || location.ends_with(".vmx");
    std::vector<IntrospectedMachine> machines;
    if (is_url(location) ||
        (!is_description && !is_machine_folder(location) && ovfkit::is_package(location))) {
        machines = introspect_package(source, options);
    } else {
        machines.push_back(introspect_one(source, options));
        machines.back().facts.source = location;
    }
    return machines;
}

}  // namespace assembler
