// SPDX-License-Identifier: Apache-2.0
// What the last build of each recipe was made of, in cache_dir()/recipes: one small file for each
// recipe file and name. Only for telling people why a step runs again.
#pragma once

#include <filesystem>
#include <optional>

#include "imagebuilder/plan/explain.h"

namespace imagebuilder {

std::filesystem::path memories_dir();
std::optional<BuildMemory> find_memory(const Recipe& recipe);  // a damaged one is none
std::optional<BuildMemory> read_memory(const std::filesystem::path& file);
void remember_build(const Recipe& recipe, const std::vector<PlannedStep>& steps,
                    const std::vector<NamedInput>& image_inputs);

}  // namespace imagebuilder
