// SPDX-License-Identifier: Apache-2.0
// The sectors of a streamOptimized VMDK before its first grain, one after the other: the embedded
// descriptor is checked, and tables that stand here (qemu-img, Xen Orchestra: without markers) go
// into the ledger. Never holds more than a part: qemu-img puts 128 MiB of tables before a disk of
// 1 TiB. Borrows the ledger.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ovfkit/disk/vmdk/grain_ledger.h"
#include "ovfkit/disk/vmdk/sparse_format.h"

namespace ovfkit::vmdk {

class OverheadReader {
  public:
    OverheadReader(const SparseHeader& header, std::string name, bool is_delta,
                   GrainLedger& ledger);
    // The next sector; the first one is sector 1.
    void add(std::span<const std::byte> sector);
    bool done() const { return sector_ >= header_.overhead_sectors; }

  private:
    void take_descriptor(std::span<const std::byte> sector);
    void take_directory(std::span<const std::byte> sector);
    void take_table(std::span<const std::byte> sector);
    void plan_tables();

    SparseHeader header_;
    std::string name_;
    bool is_delta_;
    GrainLedger& ledger_;
    std::uint64_t sector_ = 1;  // the next one
    std::vector<std::byte> descriptor_;
    std::vector<std::byte> directory_;
    std::uint64_t early_sector_ = 1;     // where early_ begins
    std::vector<std::byte> early_;       // before the directory: tables may be there
    std::vector<std::uint64_t> tables_;  // still to come, the nearest last
    std::vector<std::byte> table_;       // the one that is just passing
};

}  // namespace ovfkit::vmdk
