// SPDX-License-Identifier: Apache-2.0
// What the image of a machine can be told, without building it: from its recipe, or from the build
// record beside a disk image.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "ovfkit/env/config/config_schema.h"

namespace assembler {

// Of the image at that place (absolute); nothing when it declares nothing or is not there.
using ImageSchemas =
    std::function<std::optional<ovfkit::ConfigSchema>(const std::filesystem::path& location)>;

std::optional<ovfkit::ConfigSchema> read_image_schema(const std::filesystem::path& location);

}  // namespace assembler
