// SPDX-License-Identifier: Apache-2.0
// The steps of a build in their order: the bootstrap, then those of each recipe in the chain of
// parents. The key of a step covers its own inputs and all steps before it. Values only; a plan
// must not outlive its recipe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imagebuilder/input_key.h"
#include "imagebuilder/recipe.h"
#include "imagebuilder/source/base_tree.h"
#include "imagebuilder/tree/apt.h"

namespace imagebuilder {

struct PlannedStep {
    std::string name;                // "bootstrap bookworm", "run: nginx -t"
    const Recipe* recipe = nullptr;  // which has the step; of the bootstrap: the first of the chain
    std::optional<Step> step;        // nullopt: the bootstrap
    std::vector<NamedInput> inputs;  // its own
    std::string key;
};

// Pure but for reading the files that are copied. `base` when the first recipe of the chain starts
// from what is there.
std::vector<PlannedStep> plan_steps(const Recipe& recipe, const AptIndex& apt,
                                    std::string_view builder,
                                    const std::optional<BaseTree>& base = std::nullopt);

}  // namespace imagebuilder
