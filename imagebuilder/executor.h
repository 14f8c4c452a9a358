// SPDX-License-Identifier: Apache-2.0
// Which way the tree and the disk of an image are made, and why: a pure decision about a recipe and
// what this user may do on this host.
#pragma once

#include <string>
#include <string_view>

#include "imagebuilder/recipe.h"

namespace imagebuilder {

enum class Executor {
    compose,  // a tree of our own, steps in namespaces, the disk put together without mounting it
};

std::string_view to_string(Executor executor);

struct HostRights {
    bool root = false;
};
HostRights look_at_rights();

struct ExecutorChoice {
    Executor executor = Executor::compose;
    std::string why;
};
ExecutorChoice choose_executor(const Recipe& recipe, const HostRights& rights);

}  // namespace imagebuilder
