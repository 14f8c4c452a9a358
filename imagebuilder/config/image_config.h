// SPDX-License-Identifier: Apache-2.0
// The configuration schema of an image: what its recipe and those it is built on declare, put
// together and checked. Reads the files named by `from:`; knows no tree.
#pragma once

#include <string>
#include <vector>

#include "imagebuilder/recipe.h"
#include "ovfkit/env/config/config_schema.h"

namespace imagebuilder {

struct ImageFile {
    ovfkit::ConfigFile file;  // without text when it is the image's own
    bool in_image = false;
    bool keep_default = false;  // the build leaves the image's file as it is
    std::string where;
};

struct ImageConfig {
    ovfkit::ConfigSchema schema;  // its files are not in it yet: see `files`
    std::vector<ImageFile> files;

    bool empty() const { return schema.empty() && files.empty(); }
};

// A recipe may refine default, required, editable, label and description of a key that another one
// below it has declared; its templates and endpoints replace those of the same path and name.
// Throws invalid_input with the place: two declarations, a default that does not fit, a name that
// nobody declares.
ImageConfig image_config(const Recipe& recipe);

// Throws invalid_input when the text is no template or uses a key that is not declared.
void check_image_template(const ovfkit::ConfigSchema& schema, std::string_view text,
                          const std::string& where);

}  // namespace imagebuilder
