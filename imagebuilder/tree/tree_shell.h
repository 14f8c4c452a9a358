// SPDX-License-Identifier: Apache-2.0
// An interactive shell in a tree, as its steps run: the same mounts, packages and rights. On a
// pseudo-terminal of its own, so that job control and Ctrl-C are the shell's.
#pragma once

#include "imagebuilder/tree/steps.h"

namespace imagebuilder {

// Returns when the shell has ended. `input` is a terminal, `output` is where it shows; borrowed.
void open_tree_shell(const StepContext& context, int input, int output);

}  // namespace imagebuilder
