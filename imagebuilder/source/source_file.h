// SPDX-License-Identifier: Apache-2.0
// The file that a recipe's source names, found and checked: beside the recipe, among the saved
// templates, or fetched from a web server and kept in cache_dir()/sources by its digest.
#pragma once

#include <filesystem>
#include <string>

#include "imagebuilder/recipe.h"

namespace imagebuilder {

struct SourceFile {
    std::filesystem::path path;
    std::string sha256;  // of all that it consists of
};

// Relative paths begin at the recipe's folder; a template is the user's own, by its name. Throws
// not_found, invalid_input when the digest is another than the recipe's, and what a failing
// download throws.
SourceFile get_source_file(const BaseSource& source, const std::filesystem::path& folder);

}  // namespace imagebuilder
