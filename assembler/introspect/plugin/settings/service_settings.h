// SPDX-License-Identifier: Apache-2.0
// A systemd service as settings: its unit with drop-ins, the words of its command line, its
// environment. Internal to settings.cpp.
#pragma once

#include <string>
#include <vector>

#include "assembler/introspect/facts.h"
#include "assembler/introspect/plugin/lens/config_tree.h"
#include "assembler/introspect/plugin/settings/file_cache.h"

namespace assembler::plugin {

struct ServiceNodes {
    NodeId unit = 0;
    NodeId command = 0;
    NodeId environment = 0;
};

// Adds below the three nodes; the files that were read are added to `files`.
void read_service_settings(const ServiceFact& service, FileCache& cache, ConfigTree& tree,
                           const ServiceNodes& nodes, std::vector<std::string>& files);

// "NAME=value" as a node below `under`.
void add_assignment_node(ConfigTree& tree, NodeId under, const TracedText& text);

}  // namespace assembler::plugin
