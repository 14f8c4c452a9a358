// SPDX-License-Identifier: Apache-2.0
// The assembly file (YAML) to an Assembly. Everything wrong with the text itself (unknown keys,
// forms, units) is an error with line and column; then check_assembly() looks at what refers to
// what, and says all it finds.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "assembler/assembly.h"
#include "assembler/schema/image_schema.h"

namespace assembler {

// The text alone, without its images: `name` is what messages call it. Throws invalid_input.
// `folder` stays empty.
Assembly parse_assembly(std::string_view text, const std::string& name);

// The file, or the folder with assembly.yaml in it; completed by what its images declare
// (complete_assembly.h). Throws invalid_input with all that does not fit.
Assembly load_assembly(const std::filesystem::path& location,
                       const ImageSchemas& schemas = read_image_schema);

// Names that refer to nothing, machines that wait for each other, values that need each other.
// One sentence each; empty when all is well.
std::vector<std::string> check_assembly(const Assembly& assembly);

}  // namespace assembler
