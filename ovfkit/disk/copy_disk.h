// SPDX-License-Identifier: Apache-2.0
// From one disk to another: data ranges are read and tested for zeros by several threads and
// written in the order of the disk. Blocks of 64 KiB that are zeros are not written.
#pragma once

#include <cstdint>
#include <functional>

#include "ovfkit/disk/disk_reader.h"
#include "ovfkit/disk/disk_target.h"

namespace ovfkit {

struct CopyDiskOptions {
    unsigned threads = 0;  // 0: one per core
    std::function<void(std::uint64_t done, std::uint64_t total)> on_progress;
};

// Completes the target. Returns the bytes written. At most about 3 MiB per thread are held.
std::uint64_t copy_disk(const DiskReader& disk, DiskTarget& target,
                        const CopyDiskOptions& options = {});

}  // namespace ovfkit
