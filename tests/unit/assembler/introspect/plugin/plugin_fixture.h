// SPDX-License-Identifier: Apache-2.0
// Machines for tests of plug-ins: a text file whose head has the system's facts, then the tree as
// tests::tree_of_text() reads it. Head lines: "package NAME VERSION", "service UNIT PACKAGE|-
// enabled|disabled", "address 10.0.0.5", "hostname web". A service's command line is read from its
// unit in the tree. Also components as text, a line each, to compare.
#pragma once

#include <string>
#include <vector>

#include "assembler/introspect/facts.h"
#include "assembler/introspect/plugin/find_components.h"
#include "tests/support/memory_tree.h"

namespace tests {

struct PluginMachine {
    MemoryTree tree;
    assembler::MachineFacts facts;
};

PluginMachine machine_of_text(const std::string& text);

// The plug-ins of the source tree, read once.
const std::vector<assembler::Plugin>& shipped_plugins();

struct FoundComponents {
    std::vector<assembler::Component> components;
    std::vector<assembler::Remark> remarks;
};
FoundComponents find_in(const PluginMachine& machine);

std::string to_text(const FoundComponents& found);

// What is wrong with the places: a value that does not stand where its place says. Empty: nothing.
std::string wrong_places(const MemoryTree& tree,
                         const std::vector<assembler::Component>& components);

}  // namespace tests
