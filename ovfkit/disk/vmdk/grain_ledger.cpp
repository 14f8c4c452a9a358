// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/vmdk/grain_ledger.h"

#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "ovfkit/disk/byte_order.h"

namespace ovfkit::vmdk {

namespace {

constexpr std::size_t kMostDirectories = 4;  // one, a redundant one, and room for oddities

[[noreturn]] void fail(const std::string& name, std::string_view what) {
    throw base::Error(base::ErrorKind::invalid_input,
                      fmt::format("VMDK '{}' is damaged or cut: {}", name, what),
                      "get the file again and compare its digest");
}

std::vector<std::uint32_t> load_entries(std::span<const std::byte> payload, std::uint64_t count) {
    std::vector<std::uint32_t> entries(count);
    for (std::size_t i = 0; i < count; ++i) {
        entries[i] = load_le<std::uint32_t>(payload, i * 4);
    }
    return entries;
}

// SplitMix64: sums of such values tell tables apart.
std::uint64_t mix(std::uint64_t value) {
    value += 0x9e3779b97f4a7c15U;
    value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
    value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
    return value ^ (value >> 31U);
}

}  // namespace

void GrainLedger::Sum::add(std::uint64_t index, std::uint32_t sector) {
    mixed += mix(index << 32U | sector);
    ++count;
}

GrainLedger::GrainLedger(const SparseHeader& header, std::string name)
    : header_(header), name_(std::move(name)) {
}

GrainLedger::Seen& GrainLedger::seen_in(std::uint64_t table) {
    if (last_seen_ == nullptr || table != last_table_) {
        last_seen_ = &seen_[table];  // stays where it is when others come
        last_table_ = table;
    }
    return *last_seen_;
}

void GrainLedger::add_grain(std::uint64_t grain, std::uint64_t sector) {
    if (sector > 0xffffffffU) {
        fail(name_, "it is longer than its tables can tell");
    }
    Seen& seen = seen_in(grain / header_.entries_per_table);
    const std::uint64_t index = grain % header_.entries_per_table;
    if (seen.grains.test(index)) {
        fail(name_, fmt::format("grain {} is there twice, the second at sector {}", grain, sector));
    }
    seen.grains.set(index);
    seen.sum.add(index, static_cast<std::uint32_t>(sector));
}

void GrainLedger::add_table(std::uint64_t sector, std::span<const std::byte> payload) {
    if (payload.size() / 4 < header_.entries_per_table) {
        fail(name_, fmt::format("the grain table at sector {} is too short", sector));
    }
    const bool zero_grains = (header_.flags & kFlagZeroGrains) != 0;
    Sum sum;
    GrainSet zeros;
    for (std::uint64_t i = 0; i < header_.entries_per_table; ++i) {
        const auto entry = load_le<std::uint32_t>(payload, i * 4);
        // With the flag 1 means: known to be zeros, nothing stored.
        if (zero_grains && entry == 1) {
            zeros.set(i);
        } else if (entry != 0) {
            sum.add(i, entry);
        }
    }
    tables_.insert_or_assign(sector, sum);
    if (zeros.any()) {
        zeros_.insert_or_assign(sector, zeros);
    } else {
        zeros_.erase(sector);
    }
}

void GrainLedger::add_directory(std::uint64_t sector, std::span<const std::byte> payload) {
    if (payload.size() / 4 < header_.tables() || directories_.size() >= kMostDirectories) {
        fail(name_, fmt::format("the grain directory at sector {}", sector));
    }
    directories_.insert_or_assign(sector, load_entries(payload, header_.tables()));
}

void GrainLedger::check(std::uint64_t directory_sector) {
    const auto directory = directories_.find(directory_sector);
    if (directory == directories_.end()) {
        fail(name_, "it ends before its grain directory");
    }
    const std::vector<std::uint32_t>& entries = directory->second;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        Sum stored;
        if (entries[i] != 0) {
            const auto table = tables_.find(entries[i]);
            if (table == tables_.end()) {
                fail(name_, fmt::format("the grain table at sector {} is missing", entries[i]));
            }
            stored = table->second;
        }
        const auto seen = seen_.find(i);
        if (stored != (seen == seen_.end() ? Sum() : seen->second.sum)) {
            fail(name_, fmt::format("grain table {} does not list the grains that are there", i));
        }
    }
    checked_directory_ = directory_sector;
}

bool GrainLedger::has_grain(std::uint64_t grain) const {
    const std::uint64_t table = grain / header_.entries_per_table;
    const std::uint64_t index = grain % header_.entries_per_table;
    const auto seen = seen_.find(table);
    if (seen != seen_.end() && seen->second.grains.test(index)) {
        return true;
    }
    if (zeros_.empty()) {
        return false;
    }
    const auto zeros = zeros_.find(directories_.at(checked_directory_).at(table));
    return zeros != zeros_.end() && zeros->second.test(index);
}

}  // namespace ovfkit::vmdk
