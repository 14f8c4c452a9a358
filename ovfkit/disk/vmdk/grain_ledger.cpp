// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/vmdk/grain_ledger.h"

#include <functional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/fd.h"
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

std::size_t hash_of(const std::vector<std::uint32_t>& entries) {
    return std::hash<std::string_view>()(base::as_text(std::as_bytes(std::span(entries))));
}

}  // namespace

GrainLedger::GrainLedger(const SparseHeader& header, std::string name)
    : header_(header),
      name_(std::move(name)),
      hash_of_empty_(hash_of(Table(header.entries_per_table))) {
}

void GrainLedger::add_grain(std::uint64_t grain, std::uint64_t sector) {
    if (sector > 0xffffffffU) {
        fail(name_, "it is longer than its tables can tell");
    }
    Table& table = seen_[grain / header_.entries_per_table];
    table.resize(header_.entries_per_table);
    std::uint32_t& place = table[grain % header_.entries_per_table];
    if (place != 0) {
        fail(name_,
             fmt::format("grain {} is there twice, at sectors {} and {}", grain, place, sector));
    }
    place = static_cast<std::uint32_t>(sector);
}

void GrainLedger::add_table(std::uint64_t sector, std::span<const std::byte> payload) {
    if (payload.size() / 4 < header_.entries_per_table) {
        fail(name_, fmt::format("the grain table at sector {} is too short", sector));
    }
    Table entries = load_entries(payload, header_.entries_per_table);
    if ((header_.flags & kFlagZeroGrains) != 0) {
        for (std::uint32_t& entry : entries) {
            entry = entry == 1 ? 0 : entry;  // 1 means: known to be zeros, nothing stored
        }
    }
    tables_.insert_or_assign(sector, hash_of(entries));
}

void GrainLedger::add_directory(std::uint64_t sector, std::span<const std::byte> payload) {
    if (payload.size() / 4 < header_.tables() || directories_.size() >= kMostDirectories) {
        fail(name_, fmt::format("the grain directory at sector {}", sector));
    }
    directories_.insert_or_assign(sector, load_entries(payload, header_.tables()));
}

std::size_t GrainLedger::hash_of_seen(std::uint64_t table) const {
    const auto found = seen_.find(table);
    return found == seen_.end() ? hash_of_empty_ : hash_of(found->second);
}

void GrainLedger::check(std::uint64_t directory_sector) const {
    const auto directory = directories_.find(directory_sector);
    if (directory == directories_.end()) {
        fail(name_, "it ends before its grain directory");
    }
    const Table& entries = directory->second;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        std::size_t stored = hash_of_empty_;
        if (entries[i] != 0) {
            const auto table = tables_.find(entries[i]);
            if (table == tables_.end()) {
                fail(name_, fmt::format("the grain table at sector {} is missing", entries[i]));
            }
            stored = table->second;
        }
        if (stored != hash_of_seen(i)) {
            fail(name_, fmt::format("grain table {} does not list the grains that are there", i));
        }
    }
}

}  // namespace ovfkit::vmdk
