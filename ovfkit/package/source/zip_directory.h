// SPDX-License-Identifier: Apache-2.0
// The directory at the end of a zip archive (PKWARE APPNOTE 4.3, with zip64). The archive is a
// stranger's: every offset and size is checked against the file, entries may not overlap, links,
// encrypted and other odd entries are refused.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/random_access.h"

namespace ovfkit {

struct ZipEntry {
    std::string name;  // not yet checked by the rules for member names
    std::uint64_t packed_size = 0;
    std::uint64_t size = 0;
    std::uint64_t data_offset = 0;  // of the first packed byte in the file
    std::uint32_t crc32 = 0;
    bool deflated = false;  // else stored
};

// Regular files in the directory's order; folders are left out. Throws invalid_input, and
// unsupported for encryption and methods other than stored and deflate.
std::vector<ZipEntry> read_zip_directory(base::RandomAccess& archive);

}  // namespace ovfkit
