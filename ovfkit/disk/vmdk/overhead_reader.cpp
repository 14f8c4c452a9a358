// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/vmdk/overhead_reader.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/byte_size.h"
#include "base/fd.h"
#include "ovfkit/disk/byte_order.h"
#include "ovfkit/disk/vmdk/descriptor.h"

namespace ovfkit::vmdk {

namespace {

constexpr std::uint64_t kMostEarlyBytes = 4 * base::kMiB;

void append(std::vector<std::byte>& to, std::span<const std::byte> bytes) {
    to.insert(to.end(), bytes.begin(), bytes.end());
}

}  // namespace

OverheadReader::OverheadReader(const SparseHeader& header, std::string name, bool is_delta,
                               GrainLedger& ledger)
    : header_(header), name_(std::move(name)), is_delta_(is_delta), ledger_(ledger) {
    header_.descriptor_sectors = std::min(header_.descriptor_sectors, kMostDescriptorSectors);
}

void OverheadReader::add(std::span<const std::byte> sector) {
    take_descriptor(sector);
    const std::uint64_t directory = header_.directory_sector;
    if (directory < header_.overhead_sectors) {
        if (sector_ < directory) {
            append(early_, sector);
            if (early_.size() > kMostEarlyBytes) {  // a redundant directory with its tables
                early_.clear();
                early_sector_ = sector_ + 1;
            }
        } else if (sector_ - directory < header_.directory_sectors()) {
            take_directory(sector);
        } else {
            take_table(sector);
        }
    }
    ++sector_;
}

void OverheadReader::take_descriptor(std::span<const std::byte> sector) {
    const std::uint64_t first = header_.descriptor_sector;
    if (first == 0 || sector_ < first || sector_ - first >= header_.descriptor_sectors) {
        return;
    }
    append(descriptor_, sector);
    if (sector_ - first + 1 == header_.descriptor_sectors ||
        sector_ + 1 == header_.overhead_sectors) {
        check_descriptor(base::as_text(descriptor_), name_, is_delta_);
        descriptor_ = {};
    }
}

void OverheadReader::take_directory(std::span<const std::byte> sector) {
    append(directory_, sector);
    if (directory_.size() == header_.directory_sectors() * kSector) {
        ledger_.add_directory(header_.directory_sector, directory_);
        plan_tables();
        directory_ = {};
        early_ = {};
    }
}

// Tables that have passed already are taken from what was kept; a missing one is found by the
// ledger at the end.
void OverheadReader::plan_tables() {
    for (std::uint64_t i = 0; i < header_.tables(); ++i) {
        const std::uint64_t table = load_le<std::uint32_t>(directory_, i * 4);
        if (table > sector_) {
            tables_.push_back(table);
        } else if (table >= early_sector_ &&
                   (table - early_sector_ + header_.table_sectors()) * kSector <= early_.size()) {
            ledger_.add_table(table, std::span(early_).subspan((table - early_sector_) * kSector));
        }
    }
    std::sort(tables_.begin(), tables_.end(), std::greater());
    tables_.erase(std::unique(tables_.begin(), tables_.end()), tables_.end());
}

void OverheadReader::take_table(std::span<const std::byte> sector) {
    if (tables_.empty() || sector_ < tables_.back()) {
        return;
    }
    append(table_, sector);
    if (table_.size() == header_.table_sectors() * kSector) {
        ledger_.add_table(tables_.back(), table_);
        tables_.pop_back();
        table_.clear();
    }
}

}  // namespace ovfkit::vmdk
