// SPDX-License-Identifier: Apache-2.0
// The tar of a root file system that a recipe starts from (`source: { tarball: … }`): a file of
// this host, or one fetched from a web server and kept in cache_dir()/tarballs by its digest.
#pragma once

#include <filesystem>
#include <string>

#include "base/process.h"
#include "imagebuilder/recipe.h"

namespace imagebuilder {

struct Tarball {
    std::filesystem::path file;  // tar, plain or compressed by gzip, xz or zstd
    std::string name;            // as the recipe has it, for messages
    std::string sha256;          // of the file
};

// Relative paths begin at the recipe's folder. Throws not_found, invalid_input when the digest is
// another than the recipe's, and what a failing download throws.
Tarball get_tarball(const TarballSource& source, const std::filesystem::path& folder);

// The same tar as a file that zstd compresses, for the layers of a tree.
void recompress_tarball(const Tarball& tarball, const std::filesystem::path& tar_zst);

}  // namespace imagebuilder
