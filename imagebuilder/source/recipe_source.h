// SPDX-License-Identifier: Apache-2.0
// What a recipe's `source:` says of something to start from that is there already, and of a
// release. Values only.
#pragma once

#include <optional>
#include <string>

#include "base/yaml.h"
#include "imagebuilder/recipe.h"

namespace imagebuilder {

// `tarball:`, `image:`, `disk:`, `ova:`, `iso:` or `template:` with their keys; nullopt: none of
// them. Throws invalid_input.
std::optional<BaseSource> find_base_source(base::YamlKeys& keys);

// A code name in small letters.
std::string parse_release(const base::YamlNode& node);

}  // namespace imagebuilder
