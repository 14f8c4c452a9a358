// SPDX-License-Identifier: Apache-2.0
// What a machine is and does, out of its files alone: it does not run, and nothing of it is run.
// Reads a bounded amount of a stranger's files; what cannot be read is a remark in the facts, so
// that only a tree that breaks altogether is an Error. Not thread-safe on one tree.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "assembler/introspect/facts.h"
#include "assembler/introspect/plugin/plugin.h"
#include "imagebuilder/filetree/file_tree.h"

namespace assembler {

struct IntrospectOptions {
    std::string name;             // of the machine; empty: its host name, else the tree's name
    bool with_secrets = false;    // copy the values of secrets into the facts
    std::vector<Plugin> plugins;  // that find applications; none: no components
    // Of a database that only RPM reads, from somebody who asked it.
    std::vector<PackageFact> listed_packages = {};
};

MachineFacts introspect_tree(const imagebuilder::FileTree& tree,
                             const IntrospectOptions& options = {});

// The second of a name is called "web-2", and so on.
void make_names_unique(std::vector<MachineFacts>& machines);

// A name for a machine in an assembly: "Web 01.example.org" is "web-01". "machine" for nothing.
std::string machine_name_of(std::string_view text);

}  // namespace assembler
