// SPDX-License-Identifier: Apache-2.0
// The keys of an image as properties of a machine: the values that the assembly gives stay, the
// rest (types, limits, defaults, labels) comes from the image. Pure.
#pragma once

#include "assembler/assembly.h"
#include "assembler/schema/findings.h"

namespace assembler {

// Uses machine.schema; does nothing without one.
void add_schema_properties(AssemblyMachine& machine, SchemaFindings& findings);

// The type of DSP0243 9.5.1 for such a key, and its qualifiers.
std::string property_type_of(const ovfkit::ConfigKey& key);
std::string qualifiers_of(const ovfkit::ConfigKey& key);

}  // namespace assembler
