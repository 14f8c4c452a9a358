// SPDX-License-Identifier: Apache-2.0
// The `properties` of a machine in an assembly file. Split from assembly_file.cpp by size.
#pragma once

#include <vector>

#include "assembler/assembly.h"
#include "base/yaml.h"

namespace assembler {

// `key: value` is short for `key: { value: … }`. Throws invalid_input with the place.
std::vector<AssemblyProperty> parse_properties(const base::YamlNode& map);

// Why `value` cannot be a value of `type` (DSP0243 table 5); empty when it can.
std::string value_fault(std::string_view type, std::string_view value);

}  // namespace assembler
