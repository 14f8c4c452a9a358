// SPDX-License-Identifier: Apache-2.0
// The folder of a machine on disk: made whole or not at all, removed whole, and what a kill left of
// either is swept.
#pragma once

#include <filesystem>
#include <vector>

#include "hvruntime/machine/machine_paths.h"
#include "hvruntime/machine/machine_spec.h"

namespace hvruntime {

// spec.json (mode 0600, it may hold secrets), an empty overlay per disk and the variables of a UEFI
// firmware, then one rename.
void make_machine_folder(const MachinePaths& paths, const MachineSpec& spec);
void remove_machine_folder(const MachinePaths& paths);
// Half-made and half-removed folders. Only while nobody makes machines.
void sweep_machine_folders(const std::filesystem::path& machines);
// The specs of all machines; unreadable ones are logged as errors and left alone.
std::vector<MachineSpec> read_machine_specs(const std::filesystem::path& machines);

// Before a start: the run folder, no stale sockets, the configuration CD-ROM as the spec has it,
// a console log that does not grow for ever.
void prepare_machine_run(const MachinePaths& paths, const MachineSpec& spec);
// After an end: sockets and run folder go away.
void clean_machine_run(const MachinePaths& paths, const MachineSpec& spec);

}  // namespace hvruntime
