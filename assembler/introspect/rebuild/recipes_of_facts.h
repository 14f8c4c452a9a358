// SPDX-License-Identifier: Apache-2.0
// A recipe that rebuilds a machine which was introspected: its release, the packages somebody
// chose, its users, units, changed configuration and own software, with the files beside it. What
// is left out is named in the recipe. Reads the machine's tree, writes nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "assembler/introspect/generate/wiring.h"

namespace assembler {

struct RecipeOptions {
    bool keep_secrets = false;  // password hashes of users, secrets in files, private keys
    std::uint64_t most_tree_bytes = std::uint64_t{64} << 20U;  // of /opt, /srv, … each
};

// A file beside the recipe. Its path is relative, without "..", and made of safe names.
struct RecipeFile {
    std::string path;
    std::string content;
    unsigned permissions = 0644;
};

struct GeneratedRecipe {
    std::string text;  // of recipe.yaml; loads by imagebuilder::load_recipe()
    std::vector<RecipeFile> files;
    std::vector<std::string> left_out;  // also named in the text
};

// Across a process border, with bytes of any kind in the files. The second throws invalid_input and
// believes nothing but the form.
std::string recipe_message(const GeneratedRecipe& recipe);
GeneratedRecipe parse_recipe_message(std::string_view text);

// `guest_config`: the text for introspected.json, empty: none. Throws unsupported for a system that
// recipes cannot bootstrap.
GeneratedRecipe recipe_of_facts(const MachineFacts& machine, const imagebuilder::FileTree& tree,
                                const std::string& guest_config, const RecipeOptions& options);

}  // namespace assembler
