// SPDX-License-Identifier: Apache-2.0
// Which disks of a package are stored as what differs from another one (ovf:parentRef): images that
// were built on the same base, and one image in several sizes. What is the same is estimated from
// digests of aligned blocks; the encoder compares the bytes themselves. DSP0243 9.1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "assembler/package_plan.h"
#include "ovfkit/disk/disk_reader.h"

namespace assembler {

// Of the blocks of a disk that are not zeros.
struct DiskSample {
    struct Block {
        std::uint64_t index = 0;
        std::uint64_t digest = 0;
    };
    std::uint64_t capacity_bytes = 0;
    std::vector<Block> blocks;  // by index
};

// Looks at every `step`-th block of 64 KiB.
DiskSample sample_disk(const ovfkit::DiskReader& disk, std::uint64_t step);

// For each disk the number of its parent, or none: the one that saves most of those before it, by
// capacity and then in the given order, so that there is no circle and no parent is larger. A delta
// that saves less than a tenth of the disk is not worth what it costs: fewer readers. Pure.
std::vector<std::optional<std::size_t>> choose_parents(const std::vector<DiskSample>& disks);

// Sets parent_file of the plan's disks and puts parents before their deltas.
void plan_deltas(PackagePlan& plan);

}  // namespace assembler
