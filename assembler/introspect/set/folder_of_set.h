// SPDX-License-Identifier: Apache-2.0
// From a set of machines to the folder with their assembly, what `muster introspect -o DIR` leaves:
// made as values, then written. And what differs between two sets.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "assembler/introspect/compare/compare_facts.h"
#include "assembler/introspect/rebuild/assembly_folder.h"
#include "assembler/introspect/set/machine_set.h"

namespace assembler {

struct SetFolderOptions {
    std::string name;  // of the assembly
    std::string version = "1.0.0";
    bool recipes = false;       // the machines are built anew instead of their disks
    bool keep_secrets = false;  // see WiringOptions
    // Of a machine's image as the assembly file names it; empty: "NAME.qcow2" beside it.
    std::map<std::string, std::string> images;
    SourceOptions reading;  // as the set was read; for recipes
};

AssemblyFolder make_set_folder(const MachineSet& set, const SetFolderOptions& options);

// Machines are paired by name; of two sets of one machine each, those two.
std::vector<Difference> compare_sets(const MachineSet& before, const MachineSet& after);

}  // namespace assembler
