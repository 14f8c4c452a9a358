// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/executor.h"

#include <unistd.h>

#include <fmt/format.h>

namespace imagebuilder {

std::string_view to_string(Executor executor) {
    switch (executor) {
        case Executor::compose: return "compose";
    }
    return "compose";
}

HostRights look_at_rights() {
    return {.root = ::geteuid() == 0};
}

ExecutorChoice choose_executor(const Recipe& recipe, const HostRights& rights) {
    if (const Recipe& first = first_of(recipe); first.base && !has_steps(recipe)) {
        return {Executor::compose,
                fmt::format("the {} goes straight into the disk: nothing has to run in its tree",
                            to_string(first.base->kind))};
    }
    return {Executor::compose,
            fmt::format("{} tree needs no mounted disk; its steps run in namespaces {}",
                        first_of(recipe).base ? "the unpacked" : "a " + source_of(recipe).release,
                        rights.root ? "that root makes" : "of this user, without root")};
}

}  // namespace imagebuilder
