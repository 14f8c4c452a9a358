// SPDX-License-Identifier: Apache-2.0
// What a build of a recipe would do: which steps run and why, by which executor, and whether the
// image is there already. Nothing is built; the package index is fetched when it is older than a
// day, as a build does.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "imagebuilder/build_inputs.h"
#include "imagebuilder/plan/explain.h"

namespace imagebuilder {

struct BuildPlanStep {
    std::string name;
    std::string recipe;
    std::string key;
    StepState state = StepState::run;
    std::string why;
};

struct BuildPlan {
    std::string name;     // of the recipe
    std::string version;  // of the recipe
    std::filesystem::path recipe;
    ExecutorChoice executor;
    std::string key;  // of the image
    bool image_cached = false;
    std::string image_why;
    std::vector<BuildPlanStep> steps;
};

// `frozen`: a lock file to build with, or empty. use_cache false: as of a build that makes
// everything anew. Throws as build_image() does.
BuildPlan plan_build(const std::filesystem::path& recipe, const std::filesystem::path& frozen,
                     bool use_cache, const InputOptions& options = {});

}  // namespace imagebuilder
