// SPDX-License-Identifier: Apache-2.0
// What `muster build` leaves beside an image besides the image: lock file, bills of materials,
// signed provenance; and the lock file that a frozen build takes.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "imagebuilder/build.h"

namespace CLI {
class App;
}

namespace cli {

struct EvidenceOptions {
    bool lock = false;
    bool frozen = false;
    std::string lock_file;  // empty: recipe.lock beside the recipe
    bool sbom = false;
    bool provenance = false;
    std::string key;
    std::string certificate;
};

void add_evidence_options(CLI::App& verb, EvidenceOptions& options);

// Throws usage for options that exclude each other, and for keys that cannot sign: before a build.
void check_evidence_options(const EvidenceOptions& options);

// recipe.lock beside the recipe unless another was named.
std::filesystem::path lock_path(const EvidenceOptions& options,
                                const std::filesystem::path& recipe);

// Writes what was asked for and returns the paths; files appear whole or not at all. `output` is
// the disk, whose siblings they are: web.spdx.json, web.cdx.json, web.provenance.json.
std::vector<std::filesystem::path> write_evidence_files(const EvidenceOptions& options,
                                                        const std::filesystem::path& recipe,
                                                        const std::filesystem::path& output,
                                                        const imagebuilder::BuiltImage& image);

}  // namespace cli
