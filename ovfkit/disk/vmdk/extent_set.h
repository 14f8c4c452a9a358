// SPDX-License-Identifier: Apache-2.0
// A VMDK that is a text naming other files (monolithicFlat, twoGbMaxExtentFlat and -Sparse): for
// disks of the user's own only, never for what came in a package. The files must lie in the folder
// of the text, be regular, and are named without any folder.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ovfkit/disk/disk_reader.h"

namespace ovfkit::vmdk {

struct ExtentLine {
    enum class Kind { flat, sparse, zero };
    Kind kind = Kind::flat;
    std::uint64_t sectors = 0;
    std::string file;                  // empty for zero
    std::uint64_t offset_sectors = 0;  // in the file, of a flat one
};

// Throws unsupported for other kinds (VMFS, raw devices) and names with a folder, invalid_input for
// lines that are no extents or when there is none.
std::vector<ExtentLine> parse_extents(std::string_view text, const std::string& name);

// `path` is the text's; opens the files it names.
std::unique_ptr<DiskReader> open_extent_set(const std::filesystem::path& path,
                                            std::string_view text);

}  // namespace ovfkit::vmdk
