// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/plan/planned_step.h"

#include "base/error.h"

namespace imagebuilder {

namespace {

std::vector<const Recipe*> chain_of(const Recipe& recipe) {
    std::vector<const Recipe*> chain;
    for (const Recipe* at = &recipe; at != nullptr; at = at->parent.get()) {
        chain.insert(chain.begin(), at);
    }
    return chain;
}

PlannedStep plan_bootstrap(const Recipe& first, const AptIndex& apt, std::string_view builder) {
    const DebianSource& source = source_of(first);
    InputKey key;
    key.add("builder", builder);
    key.add("release", source.release);
    key.add("package sources", apt.sources);
    key.add("package index", apt.digest);
    key.add_list("exclude_paths", source.exclude_paths);
    key.add_list("include_paths", source.include_paths);
    return {"bootstrap " + source.release, &first, std::nullopt, key.inputs(), key.finish()};
}

PlannedStep plan_base_tree(const Recipe& first, const BaseTree& base, const AptIndex& apt,
                           std::string_view builder) {
    InputKey key;
    key.add("builder", builder);
    key.add(base.kind, base.key);
    if (!apt.folder.empty()) {  // packages will be put upon it
        key.add("package sources", apt.sources);
        key.add("package index", apt.digest);
    }
    return {base.name(), &first, std::nullopt, key.inputs(), key.finish()};
}

PlannedStep plan_step(const Recipe& recipe, const Step& step, const std::string& before) {
    InputKey own;
    own.add_step(step, recipe.folder);
    InputKey key;
    key.add("before", before);
    key.add("action", std::to_string(step.action.index()));
    key.add("step", own.finish());
    return {describe(step.action), &recipe, step, own.inputs(), key.finish()};
}

}  // namespace

std::vector<PlannedStep> plan_steps(const Recipe& recipe, const AptIndex& apt,
                                    std::string_view builder, const std::optional<BaseTree>& base) {
    const std::vector<const Recipe*> chain = chain_of(recipe);
    std::vector<PlannedStep> steps{base ? plan_base_tree(*chain.front(), *base, apt, builder)
                                        : plan_bootstrap(*chain.front(), apt, builder)};
    for (const Recipe* at : chain) {
        base::in_context("recipe '" + at->name + "'", [&] {
            for (const Step& step : at->steps) {
                steps.push_back(plan_step(*at, step, steps.back().key));
            }
        });
    }
    return steps;
}

}  // namespace imagebuilder
