// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/plan/explain.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace imagebuilder {

namespace {

using Inputs = std::map<std::string, std::string>;

// A name that occurs twice counts once, with all its digests.
Inputs by_name(const std::vector<NamedInput>& inputs) {
    Inputs named;
    for (const NamedInput& input : inputs) {
        named[input.name] += input.digest;
    }
    return named;
}

std::string describe_change(const std::string& name, std::string_view what) {
    constexpr std::string_view kFile = "file ";
    if (name.starts_with(kFile)) {
        return fmt::format("copied {} {}", name, what);
    }
    if (name == "package index") {
        return "package index is newer";
    }
    return fmt::format("{} {}", name, what);
}

// "text changed, owner changed and 3 more"
std::string describe_changes(const std::vector<NamedInput>& before,
                             const std::vector<NamedInput>& now) {
    const Inputs old_inputs = by_name(before);
    const Inputs new_inputs = by_name(now);
    std::vector<std::string> changes;
    for (const NamedInput& input : now) {  // in the order of the step
        const auto old_input = old_inputs.find(input.name);
        if (old_input == old_inputs.end()) {
            changes.push_back(describe_change(input.name, "is new"));
        } else if (old_input->second != new_inputs.at(input.name)) {
            changes.push_back(describe_change(input.name, "changed"));
        }
    }
    for (const auto& [name, digest] : old_inputs) {
        if (!new_inputs.contains(name)) {
            changes.push_back(describe_change(name, "is gone"));
        }
    }
    changes.erase(std::unique(changes.begin(), changes.end()), changes.end());
    constexpr std::size_t kMost = 3;
    if (changes.size() > kMost) {
        const std::size_t more = changes.size() - kMost;
        changes.resize(kMost);
        return fmt::format("{} and {} more", fmt::join(changes, ", "), more);
    }
    return fmt::format("{}", fmt::join(changes, ", "));
}

// "run" of "run: nginx -t"; a bootstrap is one whatever its release.
std::string_view kind_of(std::string_view name) {
    return name.substr(0, name.find_first_of(": "));
}

// What the last build had in the place of each step.
class Counterparts {
  public:
    Counterparts(const std::vector<PlannedStep>& steps, const BuildMemory& memory)
        : steps_(steps), memory_(memory), used_(memory.steps.size()), of_(steps.size()) {
        // The same step first, wherever it stood; then one of its kind, rather from the same place.
        for (std::size_t i = 0; i < steps.size(); ++i) {
            pair(i, [&](std::size_t j) { return is_same(i, j); });
        }
        for (std::size_t i = 0; i < steps.size(); ++i) {
            pair(i, [&](std::size_t j) { return j == i; });
            pair(i, [](std::size_t) { return true; });
        }
    }
    const RememberedStep* operator[](std::size_t i) const {
        return of_[i] ? &memory_.steps[*of_[i]] : nullptr;
    }
    bool is_same(std::size_t i, std::size_t j) const {
        return by_name(memory_.steps[j].inputs) == by_name(steps_[i].inputs);
    }

  private:
    template <typename Fits>
    void pair(std::size_t i, Fits&& fits) {
        for (std::size_t j = 0; j < used_.size() && !of_[i]; ++j) {
            if (!used_[j] && memory_.steps[j].recipe == steps_[i].recipe->name &&
                kind_of(memory_.steps[j].name) == kind_of(steps_[i].name) && fits(j)) {
                used_[j] = true;
                of_[i] = j;
            }
        }
    }

    const std::vector<PlannedStep>& steps_;
    const BuildMemory& memory_;
    std::vector<bool> used_;
    std::vector<std::optional<std::size_t>> of_;
};

// Of the steps that have to run.
std::vector<std::string> reasons(const std::vector<PlannedStep>& steps, const CacheView& cache,
                                 const BuildMemory& memory) {
    const Counterparts counterparts(steps, memory);
    std::vector<std::string> why(steps.size());
    bool change_seen = false;
    for (std::size_t i = cache.layers; i < steps.size(); ++i) {
        const RememberedStep* before = counterparts[i];
        const std::string changes =
            before != nullptr ? describe_changes(before->inputs, steps[i].inputs) : "";
        const bool follows = i > cache.layers;
        if (before == nullptr) {
            why[i] = "new step";
            change_seen = true;
        } else if (!changes.empty()) {
            why[i] = changes;
            change_seen = true;
        } else if (before->key != steps[i].key) {
            why[i] =
                follows && change_seen ? "follows a changed step" : "the steps before it changed";
            change_seen = true;
        } else {
            why[i] = follows ? "follows a step without a layer" : "no layer in the cache";
        }
    }
    return why;
}

std::string explain_image(const std::vector<NamedInput>& inputs, const CacheView& cache,
                          std::size_t steps, const std::optional<BuildMemory>& memory) {
    if (!cache.wanted) {
        return "everything is made anew";
    }
    if (cache.image) {
        return "it is in the cache";
    }
    if (cache.layers < steps) {
        return "its tree is not complete";
    }
    if (memory) {
        std::vector<NamedInput> others = inputs;
        std::erase_if(others, [](const NamedInput& input) { return input.name == "tree"; });
        std::vector<NamedInput> before = memory->image_inputs;
        std::erase_if(before, [](const NamedInput& input) { return input.name == "tree"; });
        const std::string changes = describe_changes(before, others);
        if (!changes.empty()) {
            return changes;
        }
    }
    return "it is not in the cache";
}

}  // namespace

std::string_view to_string(StepState state) {
    switch (state) {
        case StepState::cached: return "cached";
        case StepState::run: return "run";
        case StepState::not_needed: return "not needed";
    }
    return "run";
}

Verdict explain(const std::vector<PlannedStep>& steps, const std::vector<NamedInput>& image_inputs,
                const CacheView& cache, const std::optional<BuildMemory>& memory) {
    Verdict verdict;
    verdict.image_why = explain_image(image_inputs, cache, steps.size(), memory);
    std::vector<std::string> why(steps.size(), "no layer in the cache");
    if (!cache.wanted) {
        why.assign(steps.size(), "everything is made anew");
    } else if (memory) {
        why = reasons(steps, cache, *memory);
    }
    for (std::size_t i = 0; i < steps.size(); ++i) {
        if (cache.wanted && i < cache.layers) {
            verdict.steps.push_back({StepState::cached, ""});
        } else if (cache.wanted && cache.image) {
            verdict.steps.push_back({StepState::not_needed, "the finished image is in the cache"});
        } else {
            verdict.steps.push_back({StepState::run, why[i]});
        }
    }
    return verdict;
}

}  // namespace imagebuilder
