// SPDX-License-Identifier: Apache-2.0
// Do two disks hold the same? Whatever their formats; stops at the first difference.
#pragma once

#include "ovfkit/disk/disk_reader.h"

namespace ovfkit {

// The first range at or after `offset` where one of the two may hold something but zeros. Zeros
// follow the end of a disk. nullptr: no second one.
std::optional<DataRange> next_data_of_either(const DiskReader& one, const DiskReader* other,
                                             std::uint64_t offset);

// Fills the whole buffer: zeros follow the end of the disk.
void read_padded(const DiskReader& disk, std::uint64_t offset, std::span<std::byte> buffer);

bool is_same_content(const DiskReader& one, const DiskReader& other);  // and the same capacity

}  // namespace ovfkit
