// SPDX-License-Identifier: Apache-2.0
// Applications in a machine, found by plug-ins: what they are, listen on and connect to. Pure:
// reads the tree, runs nothing, needs no credentials. Damage of what is read becomes remarks.
#pragma once

#include <vector>

#include "assembler/introspect/facts.h"
#include "assembler/introspect/plugin/plugin.h"
#include "imagebuilder/filetree/file_tree.h"

namespace assembler {

// `facts` has the machine's system: packages, services, interfaces, hosts. Sorted by name; names
// are unique. A plug-in reads files only when it applies.
std::vector<Component> find_components(const imagebuilder::FileTree& tree,
                                       const MachineFacts& facts,
                                       const std::vector<Plugin>& plugins,
                                       std::vector<Remark>& remarks);

}  // namespace assembler
