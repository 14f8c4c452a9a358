// SPDX-License-Identifier: Apache-2.0
// The tables of a qcow2 that is being written (L2 tables, refcount blocks), a cluster each: made
// when first touched, a few in memory, the others in the file. So a disk of any size is written in
// bounded memory. Not thread-safe. Borrows the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <span>
#include <unordered_map>
#include <vector>

#include "ovfkit/disk/raw/sparse_file.h"

namespace ovfkit {

class Qcow2TableCache {
  public:
    // `allocate` gives the place of a new table in the file; it must not touch this cache.
    Qcow2TableCache(const SparseFile& file, std::size_t table_bytes, std::size_t most_in_memory,
                    std::function<std::uint64_t()> allocate);

    // The table with this number, all zeros when new. Valid until the next call.
    std::span<std::byte> for_change(std::uint64_t index);
    // The same for looking at it; empty when there is no such table.
    std::span<const std::byte> find(std::uint64_t index);
    void flush();
    // The place of each table in the file by number; 0: there is none.
    const std::vector<std::uint64_t>& places() const { return places_; }

  private:
    struct Table {
        std::uint64_t index = 0;
        bool changed = false;
        std::vector<std::byte> bytes;
    };
    Table& load(std::uint64_t index);
    void write_back(Table& table);

    const SparseFile& file_;
    std::size_t table_bytes_;
    std::size_t most_in_memory_;
    std::function<std::uint64_t()> allocate_;
    std::vector<std::uint64_t> places_;
    std::list<Table> tables_;  // most recently used first
    std::unordered_map<std::uint64_t, std::list<Table>::iterator> by_index_;
};

}  // namespace ovfkit
