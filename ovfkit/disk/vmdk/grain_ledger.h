// SPDX-License-Identifier: Apache-2.0
// Which grain was found at which sector of a stream, and whether the stream's own tables say the
// same. This is what proves that nothing was cut out or left off. Tables are kept as hashes:
// against accidents and disagreeing readers, not against forgery (the grains themselves are what
// is decoded). Costs 4 bytes per grain of every 32 MiB that has data.
#pragma once

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
    void check(std::uint64_t directory_sector) const;

  private:
    using Table = std::vector<std::uint32_t>;
    std::size_t hash_of_seen(std::uint64_t table) const;

    SparseHeader header_;
    std::string name_;
    std::unordered_map<std::uint64_t, Table> seen_;          // table index -> sectors of its grains
    std::unordered_map<std::uint64_t, std::size_t> tables_;  // sector -> hash of its entries
    std::map<std::uint64_t, Table> directories_;             // sector -> entries; at most a few
    std::size_t hash_of_empty_;
};

}  // namespace ovfkit::vmdk
