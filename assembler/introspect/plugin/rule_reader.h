// SPDX-License-Identifier: Apache-2.0
// Reads the parts of a plug-in from YAML. Internal to load_plugins.cpp.
#pragma once

#include <string>
#include <vector>

#include "assembler/introspect/plugin/plugin.h"
#include "base/yaml.h"

namespace assembler::plugin {

PathTemplate read_path(const base::YamlNode& node);
std::vector<PathTemplate> read_paths(const base::YamlNode& node);  // one or a list
std::vector<std::string> read_texts(const base::YamlNode& node);   // one or a list
ValueRule read_value_rule(const base::YamlNode& node);             // a path, a list, or keys
SourceRule read_source(const std::string& name, const base::YamlNode& node);
VariableRule read_variable(const base::YamlNode& node);
PruneRule read_prune(const base::YamlNode& node);
GroupRule read_group(const std::string& name, const base::YamlNode& node);
EndpointRule read_endpoint_rule(const base::YamlNode& node, bool input);
PropertyRule read_property(const base::YamlNode& node);

}  // namespace assembler::plugin
