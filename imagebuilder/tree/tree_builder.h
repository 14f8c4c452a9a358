// SPDX-License-Identifier: Apache-2.0
// Makes the tree of a recipe: the nearest cached layer, then the steps that are not in it. The
// chain of recipes is cut into segments (bootstrap, each recipe's packages, each recipe's other
// steps); every segment's key covers all before it, and its tree is kept as a layer for the next
// build. The last segment of all is not kept: the image itself is.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "imagebuilder/recipe.h"
#include "imagebuilder/tree/apt.h"

namespace imagebuilder {

struct Segment {
    std::string name;                // "bootstrap bookworm", "debian-base packages"
    const Recipe* recipe = nullptr;  // null: the bootstrap
    std::vector<Step> steps;
    std::string key;
    bool keep = true;  // as a layer
};

// Pure but for reading the files that are copied. `recipe` must outlive the result.
std::vector<Segment> plan_segments(const Recipe& recipe, const AptIndex& apt,
                                   std::string_view builder);

// Called before each step (cached false), and for those that a layer brought (cached true).
using OnStep = std::function<void(const std::string& text, bool cached)>;

struct TreeOptions {
    std::filesystem::path tree;  // an empty folder
    bool use_cache = true;
    OnStep on_step;                                   // must be set
    std::function<void(std::string_view)> on_output;  // may be empty
};

void build_tree(const TreeOptions& options, const std::vector<Segment>& segments,
                const AptIndex& apt);

}  // namespace imagebuilder
