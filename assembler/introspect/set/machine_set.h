// SPDX-License-Identifier: Apache-2.0
// Several machines that belong together, read from what the user names: their facts under the names
// that an assembly gives them, the files that generating needs, and where each can be read again.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "assembler/introspect/generate/file_snapshot.h"
#include "assembler/introspect/source/machine_source.h"

namespace assembler {

struct SetMember {
    MachineSource source;  // as the user named it
    MachineFilesSource from;
    // Places of the tree that other partitions of the disk are mounted at, without "/".
    std::vector<std::string> mounted;
};

struct MachineSet {
    std::vector<MachineFacts> machines;
    std::map<std::string, SetMember> members;       // by name
    std::map<std::string, FileSnapshot> snapshots;  // by name
    std::shared_ptr<const void> files;  // what keeps the members' disks there; may be empty

    FileReader reader() const { return reader_of(snapshots); }
};

// `options.also` is used here. Each source's messages begin with its name.
MachineSet read_machine_set(const std::vector<MachineSource>& sources, SourceOptions options);

// After reading its disks: throws when they changed meanwhile.
void check_unchanged(const SetMember& member);

// What `work` makes of the machine's tree, which is read once more: of a disk in a locked-down
// child, so check it. Throws what reading throws.
std::string read_again(const SetMember& member, const SourceOptions& options,
                       const std::function<std::string(const imagebuilder::FileTree&)>& work);

// {"machines":[…]} as `muster introspect --json` printed it, or one machine alone. Throws
// invalid_input.
bool is_saved_facts(const std::filesystem::path& path);
std::vector<MachineFacts> read_saved_facts(const std::filesystem::path& path);

}  // namespace assembler
