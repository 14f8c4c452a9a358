// SPDX-License-Identifier: Apache-2.0
// Rules of a plug-in over the settings of one instance: the inputs, outputs and properties of its
// component.
#pragma once

#include "assembler/introspect/facts.h"
#include "assembler/introspect/plugin/plugin.h"
#include "assembler/introspect/plugin/settings/file_cache.h"
#include "assembler/introspect/plugin/settings/settings.h"

namespace assembler::plugin {

// Adds to `component` what the rules find.
void evaluate_rules(const Plugin& plugin, const Settings& settings, FileCache& cache,
                    Component& component);

}  // namespace assembler::plugin
