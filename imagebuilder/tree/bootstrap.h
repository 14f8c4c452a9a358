// SPDX-License-Identifier: Apache-2.0
// A minimal Debian made by mmdebstrap, as a tar file: the first layer of every image.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

#include "imagebuilder/recipe.h"
#include "imagebuilder/tree/apt.h"

namespace imagebuilder {

// Writes TAR (its name ends in .tar.zst). Packages that were fetched before are not fetched again.
void bootstrap_debian(const DebianSource& source, const AptIndex& index,
                      const std::filesystem::path& tar, std::int64_t epoch,
                      const std::function<void(std::string_view)>& on_output);

}  // namespace imagebuilder
