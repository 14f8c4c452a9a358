// SPDX-License-Identifier: Apache-2.0
// A package to files in a folder, in one pass that checks it. The folder appears whole, after all
// checks. Disks can become raw or qcow2 on the way; the descriptor then speaks of the new files,
// and there is no manifest, since nobody has vouched for them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ovfkit/disk/disk_reader.h"
#include "ovfkit/package/inspection.h"

namespace ovfkit::edit {

struct UnpackOptions {
    std::string input;                      // what open_package() takes
    std::string folder;                     // must not exist
    std::vector<std::string> only;          // member names with * and ?; empty: everything
    std::optional<DiskFormat> disk_format;  // absent: as they are
    VerifyPolicy policy;
    ProgressCall on_progress;
};

struct UnpackedFile {
    std::string name;
    std::uint64_t bytes = 0;
};

struct UnpackResult {
    PackageReport source;
    std::vector<UnpackedFile> files;
    std::string manifest;  // "kept", "left out: …", "none"
};

// Throws conflict when the folder exists, not_found when `only` names nothing.
UnpackResult unpack_package(const UnpackOptions& options);

}  // namespace ovfkit::edit
