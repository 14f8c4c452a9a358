// SPDX-License-Identifier: Apache-2.0
#include "cli/machine_sources.h"

#include <fcntl.h>
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/progress.h"
#include "cli/machine_disks.h"
#include "imagebuilder/work_dir.h"
#include "ovfkit/disk/copy_disk.h"

namespace cli {

namespace fs = std::filesystem;

namespace {

using assembler::MachineSource;
using base::Error;
using base::ErrorKind;

constexpr std::string_view kOwnMachine = "machine:";

struct OwnMachine {
    LocatedMachine located;
    hvruntime::MachineSpec spec;
};

assembler::HardwareFact hardware_of(const OwnMachine& machine) {
    assembler::HardwareFact hardware;
    hardware.name = machine.located.name;
    hardware.memory_bytes = machine.spec.memory_bytes;
    hardware.vcpus = machine.spec.cpus;
    hardware.firmware = machine.spec.firmware == hvruntime::Firmware::efi ? "uefi" : "bios";
    for (const hvruntime::MachineDisk& disk : machine.spec.disks) {
        hardware.disks.push_back({.path = "", .format = "", .target = disk.id});
    }
    for (std::size_t i = 0; i < machine.spec.nics.size(); ++i) {
        const std::vector<std::string>& networks = machine.located.networks;
        hardware.nics.push_back({.network = i < networks.size() ? networks[i] : "",
                                 .mac = machine.spec.nics[i].mac,
                                 .model = std::string(to_string(machine.spec.nics[i].model))});
    }
    return hardware;
}

std::vector<OwnMachine> locate(const OwnMachineName& name, base::cli::Io& io) {
    std::vector<OwnMachine> machines;
    for (const LocatedMachine& machine :
         name.machine.empty() ? locate_machines(io, name.deployment)
                              : std::vector{locate_machine(io, name.deployment, name.machine)}) {
        machines.push_back({machine, read_spec_of(machine)});
    }
    return machines;
}

// Those of one deployment are copied at one moment, however the user named them.
class RunningCopies {
  public:
    explicit RunningCopies(base::cli::Io& io) : io_(io) {}

    void add(const LocatedMachine& machine) {
        if (machine.running) {
            wanted_[machine.deployment].push_back(machine.name);
        }
    }
    void make() {
        for (auto& [deployment, machines] : wanted_) {
            std::sort(machines.begin(), machines.end());
            machines.erase(std::unique(machines.begin(), machines.end()), machines.end());
            if (!work_) {
                work_ = std::make_shared<imagebuilder::WorkDir>(false);
            }
            const fs::path folder = work_->path() / deployment;
            base::make_dirs(folder, 0700);
            disks_[deployment] =
                copy_running_disks(io_, deployment, machines, folder, kFreezeIfPossible);
        }
    }
    const std::vector<imagebuilder::DiskFile>& of(const LocatedMachine& machine) const {
        return disks_.at(machine.deployment).at(machine.name).disks;
    }
    std::shared_ptr<const void> files() const { return work_; }

  private:
    base::cli::Io& io_;
    std::map<std::string, std::vector<std::string>> wanted_;  // machines by deployment
    std::map<std::string, std::map<std::string, RunningCopy>> disks_;
    std::shared_ptr<imagebuilder::WorkDir> work_;
};

MachineSource source_of(const OwnMachine& machine, const std::string& name,
                        const RunningCopies& copies) {
    const LocatedMachine& located = machine.located;
    MachineSource source;
    source.name = name.empty() ? assembler::machine_name_of(located.name) : name;
    source.location = fmt::format("{}{}/{}", kOwnMachine, located.deployment, located.name);
    source.hardware = hardware_of(machine);
    if (located.running) {
        source.disks = copies.of(located);
        return source;
    }
    source.disks = disks_of(located, machine.spec);
    source.check = [stamps = FileStamps(source.disks), called = located.name] {
        stamps.require_unchanged(called);
    };
    return source;
}

void copy_whole(const imagebuilder::DiskFile& disk, const fs::path& to, bool show) {
    const auto reader = imagebuilder::open_disk_file(disk);
    const base::UniqueFd fd =
        base::open_file(to.string(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    const auto target = ovfkit::make_disk_target(ovfkit::DiskFormat::qcow2, fd.get(), to.string());
    target->set_capacity(reader->capacity_bytes());
    base::ProgressBar bar("copying", 0, show);
    ovfkit::copy_disk(
        *reader, *target,
        {.on_progress = [&](std::uint64_t done, std::uint64_t total) { bar.set(done, total); }});
}

}  // namespace

std::optional<OwnMachineName> find_own_machine(std::string_view location) {
    if (!location.starts_with(kOwnMachine)) {
        return std::nullopt;
    }
    const std::string_view rest = location.substr(kOwnMachine.size());
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const std::string_view machine = rest.substr(std::min(slash + 1, rest.size()));
    const bool ends_in_slash = slash < rest.size() && machine.empty();
    if (slash == 0 || ends_in_slash || machine.find('/') != std::string_view::npos) {
        throw Error(ErrorKind::usage, fmt::format("'{}' is no machine of a deployment", location),
                    "write machine:DEPLOYMENT/MACHINE, or machine:DEPLOYMENT for all of them");
    }
    return OwnMachineName{std::string(rest.substr(0, slash)), std::string(machine)};
}

FoundSources find_own_machines(const std::vector<MachineSource>& sources, base::cli::Io& io) {
    // What is there; nothing is copied before all of it was found.
    std::vector<std::vector<OwnMachine>> found;
    RunningCopies copies(io);
    for (const MachineSource& source : sources) {
        const auto name = find_own_machine(source.location);
        found.push_back(name ? locate(*name, io) : std::vector<OwnMachine>());
        if (found.back().size() > 1 && !source.name.empty()) {
            throw Error(ErrorKind::usage,
                        fmt::format("'{}' has {} machines, which have names of their own",
                                    source.location, found.back().size()),
                        "give it without NAME=, or one of them: " + source.location + "/MACHINE");
        }
        for (const OwnMachine& machine : found.back()) {
            copies.add(machine.located);
        }
    }
    copies.make();
    FoundSources result;
    for (std::size_t i = 0; i < sources.size(); ++i) {
        if (found[i].empty()) {
            result.sources.push_back(sources[i]);
        }
        for (const OwnMachine& machine : found[i]) {
            result.sources.push_back(source_of(machine, sources[i].name, copies));
        }
    }
    result.files = copies.files();
    return result;
}

void keep_whole_disks(assembler::MachineSet& set, const fs::path& folder, base::cli::Io& io) {
    for (auto& [name, member] : set.members) {
        std::vector<imagebuilder::DiskFile>& disks = member.from.disks;
        if (member.source.disks.empty() || disks.size() != 1) {
            continue;
        }
        const fs::path whole = folder / (name + ".qcow2");
        copy_whole(disks.front(), whole, io.err_is_terminal && !io.quiet && !io.json);
        check_unchanged(member);
        disks = {{whole.string(), ovfkit::DiskFormat::qcow2, ""}};
        member.source.check = {};
    }
}

}  // namespace cli
