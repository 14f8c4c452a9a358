// SPDX-License-Identifier: Apache-2.0
// A raw image as a DiskReader: holes of the file are holes of the disk.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/fd.h"
#include "ovfkit/disk/disk_reader.h"

namespace ovfkit {

// The size of a regular file or block device; anything else is an invalid_input error.
std::uint64_t disk_file_size(int fd, const std::string& name);

// A size that is no multiple of 512 reads as if zeros followed.
std::unique_ptr<DiskReader> open_raw(base::UniqueFd fd, std::uint64_t size, std::string name);

}  // namespace ovfkit
