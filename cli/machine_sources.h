// SPDX-License-Identifier: Apache-2.0
// Machines of ours among the sources of introspection: "machine:DEPLOYMENT/MACHINE", or
// "machine:DEPLOYMENT" for all of its machines. Those that run are copied while they go on, those
// that do not are read where they are.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "assembler/introspect/set/machine_set.h"
#include "base/cli/io.h"

namespace cli {

struct OwnMachineName {
    std::string deployment;
    std::string machine;  // empty: all
};

// nullopt: another kind of source. Throws usage for what begins as one and is none.
std::optional<OwnMachineName> find_own_machine(std::string_view location);

struct FoundSources {
    std::vector<assembler::MachineSource> sources;
    std::shared_ptr<const void> files;  // the copies, which go with it; may be empty
};

// Other sources come back as they are. Throws what the daemon throws, usage for the name of one
// machine when there are several.
FoundSources find_own_machines(const std::vector<assembler::MachineSource>& sources,
                               base::cli::Io& io);

// For an assembly that names the disks: each machine of ours with one disk gets one that stands
// alone, NAME.qcow2 in `folder`. One with several keeps them.
void keep_whole_disks(assembler::MachineSet& set, const std::filesystem::path& folder,
                      base::cli::Io& io);

}  // namespace cli
