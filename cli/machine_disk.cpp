// SPDX-License-Identifier: Apache-2.0
#include "cli/machine_disk.h"

#include <fcntl.h>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/machine_lookup.h"
#include "hvruntime/machine/machine_paths.h"
#include "hvruntime/machine/machine_spec.h"
#include "ovfkit/disk/copy_disk.h"

namespace cli {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;

hvruntime::MachineDisk only_disk(const LocatedMachine& machine, const fs::path& spec_path) {
    if (!fs::exists(spec_path)) {
        throw Error(ErrorKind::not_found,
                    fmt::format("the files of machine '{}' are not on this host", machine.name),
                    "do it on the host that runs it, as the user whose daemon it is");
    }
    const hvruntime::MachineSpec spec = hvruntime::parse_machine_spec(
        base::parse_json(base::read_file(spec_path), spec_path.string()));
    if (spec.disks.size() != 1) {
        throw Error(
            ErrorKind::unsupported,
            fmt::format("machine '{}' has {} disks, not one", machine.name, spec.disks.size()),
            "a machine with its system and its data on one disk can be saved");
    }
    return spec.disks.front();
}

// As whoever runs the machine put the two together, not as a name in the file says.
std::unique_ptr<ovfkit::DiskReader> open_machine_disk(const fs::path& overlay,
                                                      const hvruntime::MachineDisk& disk) {
    return disk.base.empty()
               ? ovfkit::open_disk(overlay.string(), ovfkit::DiskFormat::qcow2)
               : ovfkit::open_clone(overlay.string(),
                                    ovfkit::open_disk(disk.base.string(), ovfkit::DiskFormat::raw));
}

}  // namespace

LocatedMachine locate_machine(base::cli::Io& io, const std::string& deployment,
                              const std::string& machine) {
    const base::Json json = find_machine(io, deployment, machine);
    return {deployment, machine, base::require_string(json, "id"),
            base::string_or(json, "state", "") == "running"};
}

void copy_machine_disk(const LocatedMachine& machine, const fs::path& qcow2,
                       const std::function<void(std::uint64_t, std::uint64_t)>& on_progress) {
    if (machine.running) {
        throw Error(ErrorKind::conflict, fmt::format("machine '{}' runs", machine.name),
                    fmt::format("stop it first: muster stop {}", machine.deployment));
    }
    const hvruntime::MachinePaths paths =
        hvruntime::machine_paths(base::data_dir(), base::runtime_dir(), machine.id);
    const hvruntime::MachineDisk disk = only_disk(machine, paths.spec());
    const auto reader = open_machine_disk(paths.overlay(disk.id), disk);
    const base::UniqueFd fd =
        base::open_file(qcow2.string(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    const auto target =
        ovfkit::make_disk_target(ovfkit::DiskFormat::qcow2, fd.get(), qcow2.string());
    target->set_capacity(reader->capacity_bytes());
    ovfkit::copy_disk(*reader, *target, {.on_progress = on_progress});
}

}  // namespace cli
