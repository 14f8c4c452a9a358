// SPDX-License-Identifier: Apache-2.0
// The part of the recipe that changes the tree: packages, users, files, commands, units. Used by
// recipe.cpp only; values and checks, no side effects.
#pragma once

#include <string>
#include <vector>

#include "base/yaml.h"
#include "imagebuilder/recipe.h"

namespace imagebuilder {

// Takes packages, users, write_files, copy, run, enable, disable, mask and steps.
std::vector<Step> parse_actions(base::YamlKeys& keys);

// One text, or a list of texts.
std::vector<std::string> texts_of(const base::YamlNode& node);

// Values that other keys of the recipe have too; each fails at its place when it is none.
unsigned permissions_of(const base::YamlNode& node);
std::string absolute_path_of(const base::YamlNode& node);  // in the image
std::string owner_of(const base::YamlNode& node);          // "user:group"
std::string path_beside_recipe(const base::YamlNode& node);

}  // namespace imagebuilder
