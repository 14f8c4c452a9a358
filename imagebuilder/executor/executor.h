// SPDX-License-Identifier: Apache-2.0
// Which way the tree and the disk of an image are made, and why: a pure decision about a recipe,
// what this user may do on this host, and what is installed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "imagebuilder/recipe.h"

namespace imagebuilder {

enum class Executor {
    compose,  // a tree of our own, steps in namespaces, the disk put together without mounting it
    mount,    // the disk first; its root file system is mounted, and the steps run in it
    libguestfs,  // the tree as compose has it; a small machine makes its file system
};

std::string_view to_string(Executor executor);
// Throws usage for another name.
Executor parse_executor(std::string_view name);

struct ExecutorHost {
    bool root = false;
    bool guestfish = false;  // installed
};
ExecutorHost look_at_host();

struct ExecutorChoice {
    Executor executor = Executor::compose;
    std::string why;
};
// `wanted` by the user, if any. Throws unsupported when it cannot make such a disk, environment
// when a right or a program is missing.
ExecutorChoice choose_executor(const Recipe& recipe, const ExecutorHost& host,
                               std::optional<Executor> wanted = std::nullopt);

}  // namespace imagebuilder
