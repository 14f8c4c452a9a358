// SPDX-License-Identifier: Apache-2.0
// A qcow2 image as a DiskReader: plain, zero and compressed (deflate, zstd) clusters of the active
// state. Tables are read on demand and a few are kept; each is checked against the file's size.
// With `below` it is a clone: what it does not hold is read from there, whatever its header names.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/fd.h"
#include "ovfkit/disk/disk_reader.h"

namespace ovfkit {

std::unique_ptr<DiskReader> open_qcow2(base::UniqueFd fd, std::uint64_t file_size, std::string name,
                                       std::unique_ptr<DiskReader> below = nullptr);

}  // namespace ovfkit
