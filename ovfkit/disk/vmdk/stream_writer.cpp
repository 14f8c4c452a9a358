// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/vmdk/stream_writer.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "ovfkit/disk/byte_order.h"

namespace ovfkit::vmdk {

void EncodedGrains::append(std::uint64_t grain, std::span<const std::byte> deflated) {
    const std::size_t begin = records.size();
    places.push_back({grain, begin / kSector});
    records.resize(begin + round_up(kGrainMarkerBytes + deflated.size(), kSector));
    const auto record = std::span(records).subspan(begin);
    store_le(record, 0, grain * SparseHeader{}.grain_sectors);
    store_le(record, 8, static_cast<std::uint32_t>(deflated.size()));
    std::copy(deflated.begin(), deflated.end(), record.begin() + kGrainMarkerBytes);
}

StreamWriter::StreamWriter(base::ByteSink& sink, std::uint64_t capacity_bytes, std::string name)
    : sink_(sink), name_(std::move(name)) {
    header_.capacity_sectors = capacity_bytes / kSector;
    table_.resize(header_.entries_per_table);
    directory_.resize(header_.tables());
}

void StreamWriter::put(std::span<const std::byte> sectors) {
    assert(sectors.size() % kSector == 0);
    sink_.write(sectors);
    sector_ += sectors.size() / kSector;
}

std::uint32_t StreamWriter::entry(std::uint64_t sector) const {
    if (sector > std::numeric_limits<std::uint32_t>::max()) {
        throw base::Error(base::ErrorKind::unsupported,
                          fmt::format("disk '{}' has more than 2 TiB of compressed data, which a "
                                      "VMDK cannot hold",
                                      name_),
                          "split it into several disks");
    }
    return static_cast<std::uint32_t>(sector);
}

void StreamWriter::begin(const ContentIds& ids, std::string_view extent_name) {
    const std::string text = make_descriptor(header_.capacity_sectors, ids, extent_name);
    const std::uint64_t room = header_.descriptor_sectors * kSector;
    if (text.size() >= room) {
        throw base::Error(base::ErrorKind::usage,
                          fmt::format("the extent name of disk '{}' is too long", name_));
    }
    std::vector<std::byte> overhead(header_.overhead_sectors * kSector);
    const SectorBytes first = make_header(header_);
    std::copy(first.begin(), first.end(), overhead.begin());
    const auto bytes = base::as_bytes(text);
    std::copy(bytes.begin(), bytes.end(),
              overhead.begin() + static_cast<std::ptrdiff_t>(header_.descriptor_sector * kSector));
    put(overhead);
}

void StreamWriter::add(const EncodedGrains& grains) {
    if (grains.places.empty()) {
        return;
    }
    const std::uint64_t table = grains.places.front().grain / header_.entries_per_table;
    if (table != table_index_) {
        flush_table();
        table_index_ = table;
    }
    for (const EncodedGrains::Place& place : grains.places) {
        assert(place.grain / header_.entries_per_table == table);
        table_[place.grain % header_.entries_per_table] = entry(sector_ + place.sector);
    }
    table_used_ = true;
    grains_ += grains.places.size();
    put(grains.records);
}

void StreamWriter::put_entries(MarkerType type, std::span<const std::uint32_t> entries) {
    std::vector<std::byte> payload(round_up(entries.size() * 4, kSector));
    for (std::size_t i = 0; i < entries.size(); ++i) {
        store_le(payload, i * 4, entries[i]);
    }
    put(make_marker(type, payload.size() / kSector));
    put(payload);
}

// A table without grains is left out: its directory entry stays 0.
void StreamWriter::flush_table() {
    if (!table_used_) {
        return;
    }
    directory_[table_index_] = entry(sector_ + 1);
    put_entries(MarkerType::grain_table, table_);
    std::fill(table_.begin(), table_.end(), 0);
    table_used_ = false;
}

void StreamWriter::finish() {
    flush_table();
    header_.directory_sector = sector_ + 1;
    entry(header_.directory_sector);
    put_entries(MarkerType::grain_directory, directory_);
    put(make_marker(MarkerType::footer, 1));
    put(make_header(header_));
    put(make_marker(MarkerType::end_of_stream, 0));
}

}  // namespace ovfkit::vmdk
