// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/tree/tree_builder.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "imagebuilder/input_key.h"
#include "imagebuilder/tree/bootstrap.h"
#include "imagebuilder/tree/layers.h"
#include "imagebuilder/tree/steps.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

std::vector<const Recipe*> chain_of(const Recipe& recipe) {
    std::vector<const Recipe*> chain;
    for (const Recipe* at = &recipe; at != nullptr; at = at->parent.get()) {
        chain.insert(chain.begin(), at);
    }
    return chain;
}

std::string bootstrap_key(const DebianSource& source, const AptIndex& apt,
                          std::string_view builder) {
    InputKey key;
    key.add("builder", builder);
    key.add("release", source.release);
    key.add("sources", apt.sources);
    key.add("index", apt.digest);
    for (const std::string& pattern : source.exclude_paths) {
        key.add("exclude", pattern);
    }
    for (const std::string& pattern : source.include_paths) {
        key.add("include", pattern);
    }
    return key.finish();
}

Segment make_segment(const Recipe& recipe, std::string_view part, std::vector<Step> steps,
                     const std::string& before) {
    InputKey key;
    key.add("before", before);
    for (const Step& step : steps) {
        key.add_step(step, recipe.folder);
    }
    return {fmt::format("{} {}", recipe.name, part), &recipe, std::move(steps), key.finish()};
}

void add_segments(const Recipe& recipe, std::vector<Segment>& segments) {
    auto rest = recipe.steps.begin();
    while (rest != recipe.steps.end() && std::holds_alternative<InstallPackages>(rest->action)) {
        ++rest;
    }
    if (rest != recipe.steps.begin()) {
        segments.push_back(
            make_segment(recipe, "packages", {recipe.steps.begin(), rest}, segments.back().key));
    }
    if (rest != recipe.steps.end()) {
        segments.push_back(
            make_segment(recipe, "steps", {rest, recipe.steps.end()}, segments.back().key));
    }
}

void run_bootstrap(const TreeOptions& options, const Segment& segment, const Recipe& recipe,
                   const AptIndex& apt) {
    options.on_step(segment.name, false);
    const fs::path final_path = layer_path(segment.key);
    const base::FileLock lock(final_path.string() + ".lock");
    if (options.use_cache && fs::exists(final_path)) {
        return;  // another build made it meanwhile
    }
    const fs::path part = layer_path(segment.key + ".part");
    base::ScopeExit remove_part([&] { base::remove_all(part); });
    bootstrap_debian(source_of(recipe), apt, part, apt.epoch, options.on_output);
    base::rename_file(part, final_path);
}

// Services must not start in the tree: invoke-rc.d asks this and gets "forbidden".
void forbid_services(const StepContext& context) {
    write_in_tree(context, {"/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0755});
}

}  // namespace

std::vector<Segment> plan_segments(const Recipe& recipe, const AptIndex& apt,
                                   std::string_view builder) {
    std::vector<Segment> segments;
    const DebianSource& source = source_of(recipe);
    segments.push_back(
        {"bootstrap " + source.release, nullptr, {}, bootstrap_key(source, apt, builder)});
    for (const Recipe* at : chain_of(recipe)) {
        base::in_context("recipe '" + at->name + "'", [&] { add_segments(*at, segments); });
    }
    segments.back().keep = segments.size() == 1;
    return segments;
}

void build_tree(const TreeOptions& options, const std::vector<Segment>& segments,
                const AptIndex& apt) {
    // The layer to start from: the last one that is there.
    std::size_t have = 0;
    for (std::size_t i = segments.size(); options.use_cache && i > 0 && have == 0; --i) {
        have = has_layer(segments[i - 1].key) ? i : 0;
    }
    for (std::size_t i = 0; i < have; ++i) {
        if (segments[i].recipe == nullptr) {
            options.on_step(segments[i].name, true);
        }
        for (const Step& step : segments[i].steps) {
            options.on_step(describe(step.action), true);
        }
    }
    if (have == 0) {
        const Recipe* any = segments.size() > 1 ? segments[1].recipe : nullptr;
        if (any == nullptr) {
            base::unreachable("a recipe without steps");
        }
        run_bootstrap(options, segments[0], *any, apt);
        have = 1;
    }
    unpack_layer(layer_path(segments[have - 1].key), options.tree);
    const StepContext context{options.tree, &apt, options.on_output};
    forbid_services(context);
    for (std::size_t i = have; i < segments.size(); ++i) {
        const Segment& segment = segments[i];
        for (const Step& step : segment.steps) {
            base::interrupt().check();
            options.on_step(describe(step.action), false);
            apply_step(context, segment.recipe->folder, step);
        }
        if (segment.keep) {
            store_layer(options.tree, segment.key);
        }
    }
}

}  // namespace imagebuilder
