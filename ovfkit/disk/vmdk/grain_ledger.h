// SPDX-License-Identifier: Apache-2.0
// Which grain was found at which sector of a stream, and whether the stream's own tables say the
// same. This is what proves that nothing was cut out or left off. Tables are kept as sums that do
// not depend on the order of the grains: against accidents and disagreeing readers, not against
// forgery (the grains themselves are what is decoded). Costs some 120 bytes for every 32 MiB that
// have data.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "ovfkit/disk/vmdk/sparse_format.h"

namespace ovfkit::vmdk {

class GrainLedger {
  public:
    GrainLedger(const SparseHeader& header, std::string name);

    // A grain seen at `sector`; twice the same grain is an error.
    void add_grain(std::uint64_t grain, std::uint64_t sector);
    // A grain table whose entries begin at `sector`.
    void add_table(std::uint64_t sector, std::span<const std::byte> payload);
    bool has_table(std::uint64_t sector) const { return tables_.contains(sector); }
    // A grain directory that begins at `sector`. With more than one the check chooses.
    void add_directory(std::uint64_t sector, std::span<const std::byte> payload);
    // Throws invalid_input unless the directory at `sector` and its tables list exactly the grains
    // seen.
    void check(std::uint64_t directory_sector);
    // After check(): whether the stream says what is there, be it zeros without a grain.
    bool has_grain(std::uint64_t grain) const;

  private:
    // Of the entries of a table that are not 0.
    struct Sum {
        std::uint64_t mixed = 0;
        std::uint32_t count = 0;
        void add(std::uint64_t index, std::uint32_t sector);
        bool operator==(const Sum&) const = default;
    };
    static constexpr std::size_t kMostEntriesPerTable = 512;
    using GrainSet = std::bitset<kMostEntriesPerTable>;
    struct Seen {
        Sum sum;
        GrainSet grains;
    };
    Seen& seen_in(std::uint64_t table);

    SparseHeader header_;
    std::string name_;
    std::unordered_map<std::uint64_t, Seen> seen_;  // by number of the table
    std::uint64_t last_table_ = 0;                  // the one that last_seen_ points to
    Seen* last_seen_ = nullptr;
    std::unordered_map<std::uint64_t, Sum> tables_;  // by the sector where they are
    // Of the tables that have any: grains said to be zeros.
    std::unordered_map<std::uint64_t, GrainSet> zeros_;
    std::uint64_t checked_directory_ = 0;  // the one that check() was about
    // By the sector where they are; at most a few.
    std::map<std::uint64_t, std::vector<std::uint32_t>> directories_;
};

}  // namespace ovfkit::vmdk
