// SPDX-License-Identifier: Apache-2.0
// Puts the configuration of an image into its tree: /etc/muster/config.d/NAME.json, and each file
// with the values it has by default.
#pragma once

#include <string>

#include "imagebuilder/config/image_config.h"
#include "imagebuilder/tree/steps.h"

namespace imagebuilder {

// Returns the schema as it is in the image now, with its files. Throws not_found for a file or unit
// that the tree does not have, invalid_input for a template that is none.
ovfkit::ConfigSchema install_config(const StepContext& context, const std::string& name,
                                    const ImageConfig& config);

}  // namespace imagebuilder
