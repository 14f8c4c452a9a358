// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/vmdk/stream_parser.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "ovfkit/disk/byte_order.h"
#include "ovfkit/disk/zero_test.h"

namespace ovfkit::vmdk {

namespace {

constexpr std::uint64_t kMostZeroSectors = (16U << 20U) / kSector;  // padding seen: up to 64 KiB

}  // namespace

StreamParser::StreamParser(std::string name, std::uint64_t max_capacity_bytes, bool is_delta,
                           GrainConsumer& consumer)
    : name_(std::move(name)),
      max_capacity_bytes_(max_capacity_bytes),
      is_delta_(is_delta),
      consumer_(consumer) {
}

void StreamParser::fail(std::string_view what) const {
    throw base::Error(
        base::ErrorKind::invalid_input,
        fmt::format("VMDK '{}' is damaged or cut: {} (sector {})", name_, what, sector_),
        "get the file again and compare its digest");
}

void StreamParser::feed(std::span<const std::byte> data) {
    while (!data.empty()) {
        std::span<const std::byte> item;
        const bool direct = pending_.empty() && data.size() >= needed_;
        if (direct) {
            item = data.first(needed_);
        } else {
            const auto more =
                data.first(std::min<std::uint64_t>(data.size(), needed_ - pending_.size()));
            pending_.insert(pending_.end(), more.begin(), more.end());
            data = data.subspan(more.size());
            if (pending_.size() < needed_) {
                return;
            }
            item = pending_;
        }
        if (state_ == State::records && needed_ == kSector && record_bytes(item) > kSector) {
            needed_ = record_bytes(item);  // looked at again when all of it is there
            continue;
        }
        const std::uint64_t size = item.size();
        consume(item);
        sector_ += size / kSector;
        if (direct) {
            data = data.subspan(size);
        } else {
            pending_.clear();
        }
    }
}

void StreamParser::consume(std::span<const std::byte> item) {
    switch (state_) {
        case State::header: begin_extent(item); break;
        case State::overhead:
            overhead_->add(item);
            end_overhead();
            break;
        case State::records:
            needed_ = kSector;
            read_record(item);
            break;
    }
}

void StreamParser::begin_extent(std::span<const std::byte> sector) {
    header_ = parse_header(sector, name_, max_capacity_bytes_);
    ledger_.emplace(header_, name_);
    overhead_.emplace(header_, name_, is_delta_, *ledger_);
    state_ = State::overhead;
    end_overhead();
}

void StreamParser::end_overhead() {
    if (overhead_->done()) {
        overhead_.reset();
        state_ = State::records;
        consumer_.begin(header_);
    }
}

// How long the record is that begins with this sector.
std::uint64_t StreamParser::record_bytes(std::span<const std::byte> marker) const {
    const auto size = load_le<std::uint32_t>(marker, 8);
    if (size != 0) {
        if (size > 2 * header_.grain_bytes()) {
            fail(fmt::format("a grain of {} compressed bytes", size));
        }
        return round_up(kGrainMarkerBytes + size, kSector);
    }
    const auto type = load_le<std::uint32_t>(marker, 12);
    return kSector + metadata_sectors(type, load_le<std::uint64_t>(marker, 0)) * kSector;
}

// Payload sectors of a metadata marker, checked before anyone waits for that many bytes.
std::uint64_t StreamParser::metadata_sectors(std::uint32_t type, std::uint64_t stored) const {
    std::uint64_t expected = 0;
    switch (type) {
        case static_cast<std::uint32_t>(MarkerType::end_of_stream): break;
        case static_cast<std::uint32_t>(MarkerType::grain_table):
            expected = header_.table_sectors();
            break;
        case static_cast<std::uint32_t>(MarkerType::grain_directory):
            expected = header_.directory_sectors();
            break;
        case static_cast<std::uint32_t>(MarkerType::footer): expected = 1; break;
        default: fail(fmt::format("a marker of unknown type {}", type));
    }
    // A directory may be given more room than it needs.
    if (stored < expected || stored > expected + 128) {
        fail(fmt::format("a marker of type {} with {} sectors", type, stored));
    }
    return stored;
}

void StreamParser::read_record(std::span<const std::byte> record) {
    if (record.size() == kSector && is_all_zero(record)) {
        // End-of-stream marker or padding: which of the two, the footer before it tells.
        ended_ = ended_ || footer_.has_value();
        if (++zero_sectors_ > kMostZeroSectors) {
            fail("too much padding");
        }
        return;
    }
    zero_sectors_ = 0;
    if (ended_) {
        fail("data after its end-of-stream marker");
    }
    const auto size = load_le<std::uint32_t>(record, 8);
    if (size != 0) {
        read_grain(record, size);
    } else {
        read_metadata(record);
    }
}

void StreamParser::read_grain(std::span<const std::byte> record, std::uint32_t size) {
    const auto lba = load_le<std::uint64_t>(record, 0);
    if (lba % header_.grain_sectors != 0 || lba >= header_.capacity_sectors) {
        fail(fmt::format("a grain for sector {} of the disk", lba));
    }
    const std::uint64_t grain = lba / header_.grain_sectors;
    ledger_->add_grain(grain, sector_);
    consumer_.add(grain, record.subspan(kGrainMarkerBytes, size));
}

void StreamParser::read_metadata(std::span<const std::byte> record) {
    const auto payload = record.subspan(kSector);
    const auto type = load_le<std::uint32_t>(record, 12);
    if (type == static_cast<std::uint32_t>(MarkerType::grain_table)) {
        ledger_->add_table(sector_ + 1, payload);
    } else if (type == static_cast<std::uint32_t>(MarkerType::grain_directory)) {
        ledger_->add_directory(sector_ + 1, payload);
    } else if (type == static_cast<std::uint32_t>(MarkerType::footer)) {
        read_footer(payload);
    } else {
        fail("an end-of-stream marker that is not empty");
    }
}

void StreamParser::read_footer(std::span<const std::byte> payload) {
    if (footer_) {
        fail("a second footer");
    }
    footer_ = parse_header(payload.first(kSector), name_, max_capacity_bytes_);
    if (footer_->capacity_sectors != header_.capacity_sectors ||
        footer_->grain_sectors != header_.grain_sectors ||
        footer_->entries_per_table != header_.entries_per_table) {
        fail("its footer contradicts its header");
    }
}

void StreamParser::finish() {
    if (state_ == State::records && needed_ > kSector && load_le<std::uint32_t>(pending_, 8) != 0 &&
        pending_.size() >= kGrainMarkerBytes + load_le<std::uint32_t>(pending_, 8)) {
        pending_.resize(needed_);  // the last grain without its padding
        consume(pending_);
        pending_.clear();
    }
    if (state_ == State::header) {
        parse_header(pending_, name_, max_capacity_bytes_);  // says what is wrong with so few bytes
    }
    if (state_ != State::records || !pending_.empty()) {
        fail("it ends in the middle of a record");
    }
    if (footer_ && !ended_) {
        fail("it ends without an end-of-stream marker");
    }
    std::uint64_t directory = header_.directory_sector;
    if (directory == kDirectoryAtEnd) {
        if (!footer_ || footer_->directory_sector == kDirectoryAtEnd) {
            fail("it ends without a footer");
        }
        directory = footer_->directory_sector;
    }
    ledger_->check(directory);
}

}  // namespace ovfkit::vmdk
