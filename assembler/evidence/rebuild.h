// SPDX-License-Identifier: Apache-2.0
// The proof that a package is what its recipes give: each disk that comes with provenance is built
// again, from the same recipe and the package's own lock file, and compared bit by bit.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "assembler/evidence/disk_difference.h"
#include "assembler/evidence/package_evidence.h"

namespace assembler {

struct RebuildOptions {
    std::string package;            // a path
    std::filesystem::path recipes;  // a recipe, its folder, or a folder with such folders
    bool use_cache = false;         // layers and images of earlier builds count, too
    std::function<void(const std::string&)> on_step;                    // may be empty
    std::function<void(std::uint64_t, std::uint64_t)> on_package_read;  // may be empty
};

struct RebuiltDisk {
    std::string image;    // "nginx", of "nginx-disk.vmdk"
    std::string recipe;   // its name and version in the provenance
    bool locked = false;  // the lock file was there
    DiskDifference disk;
    // What else is not as it was: "the recipe 'nginx/recipe.yaml' is another one", "the kernel".
    std::vector<std::string> remarks;
    bool boot_files_same = true;  // kernel and initrd

    bool same() const { return disk.same() && boot_files_same; }
};

struct RebuildResult {
    std::vector<RebuiltDisk> disks;
    std::vector<std::string> without_provenance;  // disks that nothing is known of

    bool proven() const;  // every disk was built again and is the same
};

// `reading`: of the same package, which holds. Throws not_found for a recipe that is not there,
// unsupported when no disk has provenance, and what building throws.
RebuildResult rebuild_package(const RebuildOptions& options, const EvidenceReading& reading);

}  // namespace assembler
