// SPDX-License-Identifier: Apache-2.0
// What the verbs that read machines have in common: their sources and plug-ins.
#pragma once

#include <string>
#include <vector>

#include "assembler/introspect/set/machine_set.h"
#include "base/cli/io.h"

namespace CLI {
class App;
}

namespace cli {

struct MachineSourceOptions {
    std::vector<std::string> sources;         // "PATH", "NAME=PATH"
    std::vector<std::string> plugin_folders;  // beside the one that comes with the program
    bool with_secrets = false;
    std::string keep_disks;         // see assembler::SourceOptions
    std::string executor;           // "libguestfs": reads all disks; empty: those that we do not
    std::vector<std::string> keys;  // selectors, as virt-customize has them
};

void add_source_options(CLI::App& verb, MachineSourceOptions& options);
// For verbs that need the facts of a machine alone.
void add_guestfish_options(CLI::App& verb, MachineSourceOptions& options);

assembler::SourceOptions reading_of(const MachineSourceOptions& options);
// Shows how far it is. Copies of running machines last as long as the set.
assembler::MachineSet read_set(const std::vector<std::string>& sources,
                               assembler::SourceOptions reading, base::cli::Io& io);

// "board" of "/srv/board.ova" or "/srv/board/": what an assembly is called when nobody says.
std::string assembly_name_of(const std::string& output);

}  // namespace cli
