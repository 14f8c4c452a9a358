// SPDX-License-Identifier: Apache-2.0
// Which steps a build would run, and why: a pure function of the steps, what the cache holds and
// what the last build of the recipe was made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "imagebuilder/plan/planned_step.h"

namespace imagebuilder {

struct RememberedStep {
    std::string name;
    std::string recipe;
    std::string key;
    std::vector<NamedInput> inputs;
};

// The last build of a recipe that became an image.
struct BuildMemory {
    std::string recipe_file;
    std::string recipe;
    std::int64_t when = 0;  // seconds since 1970
    std::vector<NamedInput> image_inputs;
    std::vector<RememberedStep> steps;
};

struct CacheView {
    std::size_t layers = 0;  // how many of the first steps have theirs
    bool image = false;      // the finished one
    bool wanted = true;      // false: --no-cache
};

enum class StepState { cached, run, not_needed };
std::string_view to_string(StepState state);  // "cached", "run", "not needed"

struct StepVerdict {
    StepState state = StepState::run;
    std::string why;  // "text changed", "follows a changed step"; empty when cached
};

struct Verdict {
    std::vector<StepVerdict> steps;  // as many as were planned
    std::string image_why;
};

Verdict explain(const std::vector<PlannedStep>& steps, const std::vector<NamedInput>& image_inputs,
                const CacheView& cache, const std::optional<BuildMemory>& memory);

}  // namespace imagebuilder
