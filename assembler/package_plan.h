// SPDX-License-Identifier: Apache-2.0
// Which files a package gets and which machine uses which: made before the first byte is written.
// Equal disks are stored once, wherever they come from; so are equal kernels and initrds of
// different images.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "assembler/assembly.h"
#include "assembler/envelope_of_assembly.h"
#include "assembler/pack.h"
#include "ovfkit/disk/disk_reader.h"

namespace assembler {

struct PlannedFile {
    std::string id;
    std::string name;  // in the package
    std::filesystem::path source;
    std::string text;  // instead of a source: evidence of an image
    bool is_disk = false;
    std::uint64_t capacity_bytes = 0;  // of a disk, as the machine will see it
    std::uint64_t bytes = 0;           // in the package; of a disk: known once it is encoded
    std::optional<std::uint64_t> populated_bytes;
    std::string parent_file;  // of a disk stored as a delta: id of the file it differs from
};

struct PackagePlan {
    std::vector<PlannedFile> files;                // in the order of the package
    std::map<std::string, MachineImage> machines;  // by name

    const PlannedFile& require_file(const std::string& id) const;
    // With what is known of sizes so far.
    ImageSet image_set() const;
};

// Calls `provide` once for each location. The evidence of each disk comes last, with a signature of
// `signer` if there is one.
PackagePlan plan_package(const Assembly& assembly, const ImageProvider& provide,
                         const ovfkit::PackageSigner* signer = nullptr);

// The disk with its planned capacity: zeros follow the end of the image.
std::unique_ptr<ovfkit::DiskReader> open_planned_disk(const PlannedFile& file);

}  // namespace assembler
