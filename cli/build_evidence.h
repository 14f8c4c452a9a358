// SPDX-License-Identifier: Apache-2.0
// What `muster build` leaves beside an image besides the image: lock file, bills of materials,
// signed provenance, boot proof; and the lock file that a frozen build takes.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/cli/io.h"
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
    bool boot_test = false;
    std::vector<int> boot_ports;
    std::string junit;
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

// Boots the image and writes what was seen: web.bootproof.json, and JUnit's XML when a name was
// given for it. Throws external when a check failed: the files are there then too.
std::vector<std::filesystem::path> prove_boot(const EvidenceOptions& options,
                                              const std::filesystem::path& output,
                                              const imagebuilder::BuiltImage& image,
                                              base::cli::Io& io);

}  // namespace cli
