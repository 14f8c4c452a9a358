// SPDX-License-Identifier: Apache-2.0
// Makes the tree of a recipe: the layers that are there, one upon the other, then the steps that
// have none. What each of those changes becomes a layer for the next build.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "imagebuilder/plan/planned_step.h"
#include "imagebuilder/tarball/tarball.h"
#include "imagebuilder/tree/apt.h"

namespace imagebuilder {

// Called before each step (cached false), and for those that a layer brought (cached true).
using OnStep = std::function<void(const std::string& text, bool cached)>;

struct TreeOptions {
    std::filesystem::path tree;  // an empty folder
    bool use_cache = true;       // false: no layer is read; those of the steps are made anew
    OnStep on_step;              // must be set
    std::function<void(std::string_view)> on_output;  // may be empty
    std::optional<Tarball> tarball;                   // instead of a bootstrap
};

void build_tree(const TreeOptions& options, const std::vector<PlannedStep>& steps,
                const AptIndex& apt);

}  // namespace imagebuilder
