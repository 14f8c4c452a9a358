// SPDX-License-Identifier: Apache-2.0
// The tar of a root file system that an image is made of: what a recipe's `source: { tarball: … }`
// names, or what was read out of a disk.
#pragma once

#include <filesystem>
#include <string>

#include "base/process.h"

namespace imagebuilder {

struct Tarball {
    std::filesystem::path file;  // tar, plain or compressed by gzip, xz or zstd
    std::string name;            // as the recipe has it, for messages
    std::string sha256;          // of the file that the recipe names
};

// The same tar as a file that zstd compresses, for the layers of a tree.
void recompress_tarball(const Tarball& tarball, const std::filesystem::path& tar_zst);

}  // namespace imagebuilder
