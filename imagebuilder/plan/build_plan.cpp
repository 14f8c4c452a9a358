// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/plan/build_plan.h"

#include "imagebuilder/build_inputs.h"
#include "imagebuilder/cache/build_memory.h"
#include "imagebuilder/cache/cache_lock.h"
#include "imagebuilder/cache/layer_store.h"
#include "imagebuilder/image_store.h"

namespace imagebuilder {

BuildPlan plan_build(const std::filesystem::path& recipe, const std::filesystem::path& frozen,
                     bool use_cache, const InputOptions& options) {
    const CacheUse use;
    const BuildInputs inputs = gather_inputs(recipe, frozen, options);
    const CacheView cache{usable_layers(inputs.steps).size(), has_image(inputs.key), use_cache};
    const Verdict verdict = explain(inputs.steps, inputs.image, cache, find_memory(*inputs.recipe));
    BuildPlan plan;
    plan.name = inputs.recipe->name;
    plan.version = inputs.recipe->version;
    plan.recipe = inputs.recipe->file;
    plan.executor = inputs.executor;
    plan.key = inputs.key;
    plan.image_cached = use_cache && cache.image;
    plan.image_why = verdict.image_why;
    for (std::size_t i = 0; i < inputs.steps.size(); ++i) {
        const PlannedStep& step = inputs.steps[i];
        plan.steps.push_back(
            {step.name, step.recipe->name, step.key, verdict.steps[i].state, verdict.steps[i].why});
    }
    return plan;
}

}  // namespace imagebuilder
