// SPDX-License-Identifier: Apache-2.0
// All that `muster introspect -o DIR` leaves: the assembly file, what each machine's guest reads
// and what its tree must lose, recipes if wanted. Made as values, then written whole or not at all.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "assembler/introspect/generate/assembly_of_facts.h"
#include "assembler/introspect/generate/generalise.h"
#include "assembler/introspect/rebuild/recipes_of_facts.h"

namespace assembler {

// Makes the recipe of a machine whose introspected.json this is; may be empty.
using MakeRecipe = std::function<GeneratedRecipe(const MachineFacts&, const std::string&)>;

struct FolderOptions {
    AssemblyOptions assembly;
    MakeRecipe make_recipe;     // when there is one, images are recipes beside the assembly
    bool keep_secrets = false;  // see WiringOptions
};

struct MachineOutput {
    std::string guest_config;     // empty: nothing to configure
    std::vector<TreeEdit> edits;  // introspected.json is among them
    std::vector<Remark> remarks;  // of the wiring
    bool secret = false;          // guest_config holds values of secrets
};

struct AssemblyFolder {
    std::vector<RecipeFile> files;                  // assembly.yaml first
    std::map<std::string, MachineOutput> machines;  // by name
    ConnectionMap connections;
    NetworkMap networks;
    StartOrder order;
};

// `machines` as name_machines() gives them.
AssemblyFolder make_assembly_folder(const std::vector<MachineFacts>& machines,
                                    const FileReader& read, const FolderOptions& options);

// Throws conflict when there is something at `folder` that is not an empty folder.
void require_free_folder(const std::filesystem::path& folder);

// Throws invalid_input when a path leads out of the folder, conflict as above. Files of secrets are
// for the user alone. With `into`, one by one into a folder that may hold others, which stay.
void write_assembly_folder(const std::filesystem::path& folder,
                           const std::vector<RecipeFile>& files, bool into = false);

}  // namespace assembler
