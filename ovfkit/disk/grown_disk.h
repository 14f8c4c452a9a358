// SPDX-License-Identifier: Apache-2.0
// A disk with more room behind its end, which reads as zeros.
#pragma once

#include <cstdint>
#include <memory>

#include "ovfkit/disk/disk_reader.h"

namespace ovfkit {

// The disk itself when it has that capacity already; it must not have more.
std::unique_ptr<DiskReader> make_grown_disk(std::unique_ptr<DiskReader> disk,
                                            std::uint64_t capacity_bytes);

}  // namespace ovfkit
