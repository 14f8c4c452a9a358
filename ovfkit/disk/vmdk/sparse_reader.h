// SPDX-License-Identifier: Apache-2.0
// A sparse VMDK extent as a DiskReader: monolithicSparse, one part of a twoGbMaxExtentSparse, or a
// streamOptimized file. Grain tables are read on demand and a few are kept; everything in them is
// checked against the size of the file. Opens nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/fd.h"
#include "ovfkit/disk/disk_reader.h"

namespace ovfkit::vmdk {

std::unique_ptr<DiskReader> open_sparse_extent(base::UniqueFd fd, std::uint64_t file_size,
                                               std::string name);

}  // namespace ovfkit::vmdk
