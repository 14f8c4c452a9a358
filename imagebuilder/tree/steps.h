// SPDX-License-Identifier: Apache-2.0
// Applies the steps of a recipe to a tree, one by one, as the tree's root.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imagebuilder/recipe.h"
#include "imagebuilder/tree/apt.h"
#include "imagebuilder/tree/sandbox.h"

namespace imagebuilder {

struct StepContext {
    std::filesystem::path tree;
    const AptIndex* apt = nullptr;  // null: no packages can be installed (trees of tests)
    std::function<void(std::string_view)> on_output;  // may be empty
    std::optional<LoopMount> mount = std::nullopt;    // the tree is in a disk image
    bool own_sources = false;  // packages come from the image's own apt sources
};

// Where its steps run.
Sandbox sandbox_of(const StepContext& context);

// A program in a tree, with its standard input.
struct TreeCommand {
    std::vector<std::string> argv;
    std::string stdin_data;
};
// What a step comes to, where that is one program; nullopt: packages and copies. Pure.
std::optional<TreeCommand> command_of(const Action& action);

// What a copy takes: it is there and in `folder`, or this throws not_found or invalid_input.
std::filesystem::path source_of_copy(const CopyFiles& copy, const std::filesystem::path& folder);

// "'run: false' failed with exit code 1; its last lines: …", the last 40 of what it printed. Pure.
std::string describe_failure(std::string_view what, int status, std::string_view output);

// A step that fails is an external error with the last 40 lines of its output; its hint holds the
// command that runs the step again in a tree that was kept. `folder` is the recipe's, for copies.
void apply_step(const StepContext& context, const std::filesystem::path& folder, const Step& step);

// A script in the tree with arguments $1 …; failing is an external error. `what` is for messages.
// Returns its standard output.
std::string run_script(const StepContext& context, const std::string& script,
                       const std::vector<std::string>& arguments, std::string_view what,
                       const std::string& stdin_data = "");
void write_in_tree(const StepContext& context, const WriteFile& file);

}  // namespace imagebuilder
