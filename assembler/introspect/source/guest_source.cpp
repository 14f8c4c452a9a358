// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/source/guest_source.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "assembler/introspect/source/live_script.h"
#include "assembler/introspect/source/tar_tree.h"
#include "assembler/introspect/system/text.h"
#include "base/crypto/md5.h"
#include "base/error.h"
#include "base/sandbox/sandbox.h"
#include "imagebuilder/tarball/packed_tar.h"

namespace assembler {

namespace {

constexpr const char* kSystemHive = "/Windows/System32/config/SYSTEM";
constexpr const char* kSoftwareHive = "/Windows/System32/config/SOFTWARE";
constexpr std::uint32_t kProgramTypes = 0x30;  // alone in its process, or with others
constexpr std::uint32_t kStartsByItself = 2;
constexpr std::uint32_t kDisabled = 4;
constexpr std::size_t kEmptyTarBytes = 1024;

std::string debian_architecture(const std::string& name) {
    return name == "x86_64" ? "amd64" : name == "aarch64" ? "arm64" : name;
}

// "C:\Program Files\a\b.exe" of the command line of a service.
std::string program_of(const std::string& command_line) {
    if (command_line.starts_with('"')) {
        return command_line.substr(1, command_line.find('"', 1) - 1);
    }
    return command_line.substr(0, command_line.find(' '));
}

// What the library knows besides, where the files say less.
void add_system(const imagebuilder::GuestReading& reading, MachineFacts& facts) {
    if (facts.os.hostname.empty()) {
        facts.os.hostname = reading.hostname;
    }
    if (facts.os.architecture.empty()) {
        facts.os.architecture = debian_architecture(reading.system.architecture);
    }
    for (const std::string& kernel : reading.kernels) {
        if (introspect::is_older(facts.os.kernel, kernel)) {
            facts.os.kernel = kernel;
        }
    }
    if (facts.os.pretty_name.empty()) {
        facts.os.pretty_name = reading.system.product_name;
    }
    for (const std::string& device : reading.system.encrypted) {
        facts.remarks.push_back(
            {fmt::format("{} was opened with the key that was given: the disk is encrypted",
                         device),
             {}});
    }
}

IntrospectedMachine read_files(const imagebuilder::GuestReading& reading, const std::string& disk,
                               IntrospectOptions how, const SourceOptions& source) {
    how.listed_packages = packages_of(reading.applications);
    base::md5_hex("");  // see introspect_disks()
    constexpr std::chrono::seconds kMostCpu{60};
    const std::string text =
        base::run_sandboxed(fmt::format("reading the files of '{}'", disk),
                            [&] {
                                return machine_text(introspect_files(
                                    *read_tar_tree(reading.tar, disk), how, source.also));
                            },
                            {.cpu = kMostCpu, .wall = std::chrono::seconds(600)});
    return base::in_context(fmt::format("facts of '{}'", disk),
                            [&] { return parse_machine_text(text); });
}

// All files of the machine into a new file of the folder: nobody but the library reads the disks.
MachineFilesSource keep_tree(const imagebuilder::GuestReadOptions& options,
                             const std::vector<imagebuilder::DiskFile>& disks,
                             const std::string& folder, const std::string& name) {
    MachineFilesSource from;
    from.tar = fmt::format("{}/{}.tar.zst", folder, name);
    imagebuilder::PackedTar packed(from.tar);
    imagebuilder::write_guest_tar(options, packed.fifo());
    packed.finish();
    for (const imagebuilder::DiskFile& disk : disks) {
        from.size_bytes += imagebuilder::open_disk_file(disk)->capacity_bytes();
    }
    return from;
}

}  // namespace

std::vector<PackageFact> packages_of(const std::vector<imagebuilder::GuestApplication>& listed) {
    std::vector<PackageFact> packages;
    for (const imagebuilder::GuestApplication& application : listed) {
        const bool has_epoch = !application.epoch.empty() && application.epoch != "0";
        const bool has_release = !application.release.empty();
        packages.push_back(
            {.name = application.display_name.empty() ? application.name : application.display_name,
             .version =
                 fmt::format("{}{}{}{}{}", has_epoch ? application.epoch : "", has_epoch ? ":" : "",
                             application.version, has_release ? "-" : "", application.release),
             .architecture = debian_architecture(application.architecture)});
    }
    std::stable_sort(packages.begin(), packages.end(),
                     [](const PackageFact& a, const PackageFact& b) { return a.name < b.name; });
    return packages;
}

MachineFacts windows_facts(const imagebuilder::GuestReading& reading, const std::string& name,
                           const std::string& source) {
    MachineFacts facts;
    facts.source = source;
    facts.os.id = "windows";
    facts.os.version_id = reading.version;
    facts.os.evidence = {.file = kSoftwareHive};
    facts.packages = packages_of(reading.applications);
    add_system(reading, facts);
    facts.name = !name.empty() ? name
                               : machine_name_of(facts.os.hostname.empty()
                                                     ? std::filesystem::path(source).stem().string()
                                                     : facts.os.hostname);
    for (const imagebuilder::WindowsService& service : reading.services) {
        if ((service.type & kProgramTypes) == 0) {
            continue;  // a driver
        }
        ServiceFact fact;
        fact.unit = service.name;
        fact.enabled = service.start <= kStartsByItself;
        fact.masked = service.start == kDisabled;
        fact.command_line = service.image_path;
        fact.program = program_of(service.image_path);
        fact.user = service.account == "LocalSystem" ? "" : service.account;
        fact.evidence = {.file = kSystemHive};
        facts.services.push_back(std::move(fact));
    }
    facts.remarks.push_back(
        {"a Windows: its system, programs and services are found, its configuration is not", {}});
    return facts;
}

IntrospectedMachine introspect_by_guestfish(const std::vector<imagebuilder::DiskFile>& disks,
                                            const IntrospectOptions& options,
                                            const SourceOptions& source) {
    imagebuilder::GuestDrives drives;
    for (const imagebuilder::DiskFile& disk : disks) {
        if (!disk.base.empty()) {
            throw base::Error(
                base::ErrorKind::unsupported,
                fmt::format("disk '{}' of a machine of ours is not read by libguestfs", disk.path),
                "of such machines ext2, ext3 and ext4 on plain partitions are read");
        }
        drives.add(disk.path, disk.format);
    }
    const std::string& first = disks.front().path;
    const imagebuilder::GuestReadOptions how{.drives = drives.drives(),
                                             .keys = source.keys,
                                             .guestfish = *source.guestfish,
                                             .script = kLiveScript};
    const std::string what = fmt::format("reading '{}' by libguestfs", first);
    const imagebuilder::GuestReading reading =
        base::in_context(what, [&] { return imagebuilder::read_guest(how); });
    IntrospectedMachine machine;
    if (reading.system.type == "windows") {
        machine.facts = windows_facts(reading, options.name, first);
        if (source.also) {
            machine.also = source.also(*read_tar_tree(std::string(kEmptyTarBytes, '\0'), first),
                                       machine.facts);
        }
    } else {
        machine = read_files(reading, first, options, source);
        add_system(reading, machine.facts);
        if (!source.keep_disks.empty()) {
            machine.from = base::in_context(
                what, [&] { return keep_tree(how, disks, source.keep_disks, machine.facts.name); });
            return machine;
        }
    }
    machine.from.disks = disks;
    return machine;
}

}  // namespace assembler
