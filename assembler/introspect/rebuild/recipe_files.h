// SPDX-License-Identifier: Apache-2.0
// Which files of a machine go beside its recipe, and the steps that put them into the new one.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "assembler/introspect/rebuild/recipes_of_facts.h"

namespace assembler {

struct CopyStep {
    std::string from;  // beside the recipe
    std::string to;
    std::string owner = "root:root";
    std::optional<unsigned> permissions;  // of a single file
};

struct CollectedFiles {
    std::vector<RecipeFile> files;
    std::vector<CopyStep> copies;
    std::vector<std::string> commands;  // links to make, files to remove
    std::vector<std::string> left_out;
};

// Changed and added configuration, unit files, crontabs, and the trees of own software.
CollectedFiles collect_recipe_files(const MachineFacts& machine, const imagebuilder::FileTree& tree,
                                    const RecipeOptions& options);

// In single quotes for a shell.
std::string shell_quoted(std::string_view text);

}  // namespace assembler
