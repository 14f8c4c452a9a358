// SPDX-License-Identifier: Apache-2.0
#include "assembler/delta_plan.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "base/byte_size.h"
#include "base/crypto/digest.h"
#include "base/interrupt.h"
#include "ovfkit/disk/compare_disks.h"
#include "ovfkit/disk/zero_test.h"

namespace assembler {

namespace {

constexpr std::uint64_t kBlockBytes = 64 * base::kKiB;  // a grain of the VMDK
constexpr std::uint64_t kMostBlocks = 1U << 20U;        // of a sample: 16 MiB of memory
constexpr std::uint64_t kZerosPerBlock = 64;            // stored grains of zeros as large as one

std::uint64_t digest_of(std::span<const std::byte> block) {
    const std::string hex =
        base::digest_hex(base::DigestAlgorithm::sha256, base::as_text(block)).substr(0, 16);
    return std::stoull(hex, nullptr, 16);
}

// Blocks that a delta saves; less than nothing when it would have to say too often that something
// is zeros now.
std::int64_t saved_blocks(const DiskSample& child, const DiskSample& parent) {
    std::int64_t shared = 0;
    std::int64_t zeroed = 0;
    auto own = child.blocks.begin();
    for (const DiskSample::Block& block : parent.blocks) {
        own = std::find_if(own, child.blocks.end(), [&](const DiskSample::Block& candidate) {
            return candidate.index >= block.index;
        });
        if (own == child.blocks.end() || own->index != block.index) {
            ++zeroed;
        } else if (own->digest == block.digest) {
            ++shared;
        }
    }
    return shared - zeroed / static_cast<std::int64_t>(kZerosPerBlock);
}

// So that no sample gets too large, and all of them are of the same blocks.
std::uint64_t step_for(const std::vector<PlannedFile*>& disks) {
    std::uint64_t largest = 0;
    for (const PlannedFile* disk : disks) {
        largest = std::max(largest, disk->capacity_bytes);
    }
    return largest / kBlockBytes / kMostBlocks + 1;
}

void put_parents_first(std::vector<PlannedFile>& files) {
    std::vector<PlannedFile> ordered;
    std::set<std::string> placed{""};
    while (ordered.size() < files.size()) {
        // Each round places at least one: there are no circles.
        for (PlannedFile& file : files) {
            if (!placed.contains(file.id) && placed.contains(file.parent_file)) {
                placed.insert(file.id);
                ordered.push_back(file);
            }
        }
    }
    files = std::move(ordered);
}

}  // namespace

DiskSample sample_disk(const ovfkit::DiskReader& disk, std::uint64_t step) {
    DiskSample sample{.capacity_bytes = disk.capacity_bytes(), .blocks = {}};
    std::vector<std::byte> buffer(kBlockBytes);
    std::uint64_t index = 0;
    while (index * kBlockBytes < sample.capacity_bytes) {
        const auto range = disk.next_data(index * kBlockBytes);
        if (!range) {
            break;
        }
        base::interrupt().check();
        // The first block of the range that is looked at.
        index = (range->offset / kBlockBytes + step - 1) / step * step;
        for (; index * kBlockBytes < range->offset + range->length; index += step) {
            ovfkit::read_padded(disk, index * kBlockBytes, buffer);
            if (!ovfkit::is_all_zero(buffer)) {
                sample.blocks.push_back({index, digest_of(buffer)});
            }
        }
    }
    return sample;
}

std::vector<std::optional<std::size_t>> choose_parents(const std::vector<DiskSample>& disks) {
    std::vector<std::size_t> order(disks.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return disks[a].capacity_bytes < disks[b].capacity_bytes;
    });
    std::vector<std::optional<std::size_t>> parents(disks.size());
    for (auto child = order.begin(); child != order.end(); ++child) {
        const DiskSample& disk = disks[*child];
        auto best = static_cast<std::int64_t>(disk.blocks.size() / 10);
        for (auto candidate = order.begin(); candidate != child; ++candidate) {
            const std::int64_t saved = saved_blocks(disk, disks[*candidate]);
            if (saved > best) {
                best = saved;
                parents[*child] = *candidate;
            }
        }
    }
    return parents;
}

void plan_deltas(PackagePlan& plan) {
    std::vector<PlannedFile*> disks;
    for (PlannedFile& file : plan.files) {
        if (file.is_disk) {
            disks.push_back(&file);
        }
    }
    const std::uint64_t step = step_for(disks);
    std::vector<DiskSample> samples;
    for (const PlannedFile* disk : disks) {
        samples.push_back(sample_disk(*open_planned_disk(*disk), step));
    }
    const auto parents = choose_parents(samples);
    for (std::size_t i = 0; i < disks.size(); ++i) {
        disks[i]->parent_file = parents[i] ? disks[*parents[i]]->id : "";
    }
    put_parents_first(plan.files);
}

}  // namespace assembler
