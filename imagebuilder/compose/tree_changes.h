// SPDX-License-Identifier: Apache-2.0
// What a machine's tree loses and gets on its way into a new disk, instead of the host name, hosts
// and fstab of a recipe. Plain values; paths are absolute in the tree.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "imagebuilder/recipe.h"

namespace imagebuilder {

struct TreeChanges {
    std::vector<std::string> removed;  // with all that is in them; need not be there
    std::vector<WriteFile> files;      // root's
    std::vector<std::pair<std::string, std::string>> links;  // path, target
    std::string kernel_version;                              // of several: which one boots
};

}  // namespace imagebuilder
