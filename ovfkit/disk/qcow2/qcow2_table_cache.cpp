// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/qcow2/qcow2_table_cache.h"

#include <algorithm>
#include <utility>

namespace ovfkit {

Qcow2TableCache::Qcow2TableCache(const SparseFile& file, std::size_t table_bytes,
                                 std::size_t most_in_memory,
                                 std::function<std::uint64_t()> allocate)
    : file_(file),
      table_bytes_(table_bytes),
      most_in_memory_(most_in_memory),
      allocate_(std::move(allocate)) {
}

void Qcow2TableCache::write_back(Table& table) {
    if (std::exchange(table.changed, false)) {
        file_.write_at(places_[table.index], table.bytes);
    }
}

Qcow2TableCache::Table& Qcow2TableCache::load(std::uint64_t index) {
    if (!tables_.empty() && tables_.front().index == index) {
        return tables_.front();
    }
    if (const auto found = by_index_.find(index); found != by_index_.end()) {
        tables_.splice(tables_.begin(), tables_, found->second);
        return tables_.front();
    }
    if (tables_.size() >= most_in_memory_) {
        write_back(tables_.back());
        by_index_.erase(tables_.back().index);
        tables_.splice(tables_.begin(), tables_, std::prev(tables_.end()));
    } else {
        tables_.emplace_front().bytes.resize(table_bytes_);
    }
    Table& table = tables_.front();
    table.index = index;
    by_index_[index] = tables_.begin();
    if (places_.size() <= index) {
        places_.resize(index + 1);
    }
    if (places_[index] == 0) {
        places_[index] = allocate_();
        std::fill(table.bytes.begin(), table.bytes.end(), std::byte{0});
    } else {
        file_.read_at(places_[index], table.bytes);
    }
    return table;
}

std::span<std::byte> Qcow2TableCache::for_change(std::uint64_t index) {
    Table& table = load(index);
    table.changed = true;
    return table.bytes;
}

std::span<const std::byte> Qcow2TableCache::find(std::uint64_t index) {
    if (index >= places_.size() || places_[index] == 0) {
        return {};
    }
    return load(index).bytes;
}

void Qcow2TableCache::flush() {
    for (Table& table : tables_) {
        write_back(table);
    }
}

}  // namespace ovfkit
