// SPDX-License-Identifier: Apache-2.0
// The keys `config`, `endpoints` and `templates` of one recipe, as written. What an image has in
// all, with the recipes it is built on, is image_config.h.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/yaml.h"
#include "ovfkit/env/config/config_schema.h"

namespace imagebuilder {

struct DeclaredKey {
    ovfkit::ConfigKey key;
    std::set<std::string> members;  // that were written: what a refinement changes
    std::string output;             // `from: output db`
    std::string file;               // `file: PATH`: the file of the image is the template
    std::string where;
};

struct DeclaredFile {
    ovfkit::ConfigFile file;  // its text when it was written as `content`
    std::string from;         // else: relative to the recipe's folder, never outside it
    bool in_image = false;    // else: the text, owner and permissions that the image has there
    bool keep_default = false;
    std::string where;
};

struct DeclaredInput {
    ovfkit::ConfigInput input;
    std::string where;
};

struct DeclaredOutput {
    ovfkit::ConfigOutput output;
    std::string where;
};

struct RecipeConfig {
    std::vector<DeclaredKey> keys;
    std::vector<DeclaredInput> inputs;
    std::vector<DeclaredOutput> outputs;
    std::vector<DeclaredFile> files;
};

// Takes the three keys. Throws invalid_input with the place.
RecipeConfig parse_recipe_config(base::YamlKeys& keys);

}  // namespace imagebuilder
