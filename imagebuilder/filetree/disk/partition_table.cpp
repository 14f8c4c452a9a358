// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/filetree/disk/partition_table.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <span>

#include <fmt/format.h>

#include "base/error.h"
#include "base/fd.h"
#include "ovfkit/disk/byte_order.h"
#include "ovfkit/package/source/filter/unpacker.h"

namespace imagebuilder {

namespace {

using base::Error;
using base::ErrorKind;
using ovfkit::load_le;
using PartitionBytes = std::span<const std::byte>;

constexpr std::uint64_t kMbrSector = 512;
constexpr std::size_t kMbrRecords = 446;
constexpr std::size_t kMbrRecordBytes = 16;
constexpr unsigned kFirstLogical = 5;
constexpr unsigned kMostLogical = 256;
constexpr std::uint32_t kGptHeaderBytes = 92;
constexpr std::uint32_t kMostGptEntryBytes = 4096;
constexpr std::uint64_t kMostGptTableBytes = std::uint64_t{1} << 20U;

std::uint8_t byte_at(PartitionBytes bytes, std::size_t at) {
    return std::to_integer<std::uint8_t>(bytes[at]);
}

// ---- GPT

std::string guid_text(PartitionBytes bytes) {
    std::string text =
        fmt::format("{:08x}-{:04x}-{:04x}-", load_le<std::uint32_t>(bytes, 0),
                    load_le<std::uint16_t>(bytes, 4), load_le<std::uint16_t>(bytes, 6));
    for (std::size_t i = 8; i < 16; ++i) {
        text += fmt::format("{}{:02x}", i == 10 ? "-" : "", byte_at(bytes, i));
    }
    return text;
}

// UTF-16 up to its end or a zero; lone halves of a pair become U+FFFD.
std::string text_of_utf16(PartitionBytes bytes) {
    std::string text;
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
        std::uint32_t code = load_le<std::uint16_t>(bytes, i);
        if (code == 0) {
            break;
        }
        if (code >= 0xd800 && code < 0xe000) {
            const std::uint32_t low =
                i + 3 < bytes.size() ? load_le<std::uint16_t>(bytes, i + 2) : 0;
            const bool pair = code < 0xdc00 && low >= 0xdc00 && low < 0xe000;
            code = pair ? 0x10000 + ((code - 0xd800) << 10U) + (low - 0xdc00) : 0xfffd;
            i += pair ? 2 : 0;
        }
        const auto tail = [code](unsigned shift) {
            return static_cast<char>(0x80U | ((code >> shift) & 0x3fU));
        };
        if (code < 0x80) {
            text += static_cast<char>(code);
        } else if (code < 0x800) {
            text += {static_cast<char>(0xc0U | (code >> 6U)), tail(0)};
        } else if (code < 0x10000) {
            text += {static_cast<char>(0xe0U | (code >> 12U)), tail(6), tail(0)};
        } else {
            text += {static_cast<char>(0xf0U | (code >> 18U)), tail(12), tail(6), tail(0)};
        }
    }
    return text;
}

struct GptHeader {
    std::uint64_t backup_sector = 0;
    std::uint64_t entries_sector = 0;
    std::uint32_t entries = 0;
    std::uint32_t entry_bytes = 0;
    std::uint32_t entries_crc = 0;
    std::string disk_id;
};

// nullopt: there is none, or none to be believed.
std::optional<GptHeader> find_gpt_header(const DiskPages& disk, std::uint64_t sector_bytes,
                                         std::uint64_t sector) {
    const std::uint64_t sectors = disk.capacity_bytes() / sector_bytes;
    if (sector == 0 || sector >= sectors) {
        return std::nullopt;
    }
    std::vector<std::byte> bytes = disk.read(sector * sector_bytes, sector_bytes);
    const auto header_bytes = load_le<std::uint32_t>(bytes, 12);
    if (base::as_text(bytes).substr(0, 8) != "EFI PART" || header_bytes < kGptHeaderBytes ||
        header_bytes > sector_bytes || load_le<std::uint64_t>(bytes, 24) != sector) {
        return std::nullopt;
    }
    const auto crc = load_le<std::uint32_t>(bytes, 16);
    ovfkit::store_le(std::span(bytes), 16, std::uint32_t{0});
    if (ovfkit::crc32_of(0, std::span(bytes).first(header_bytes)) != crc) {
        return std::nullopt;
    }
    GptHeader header;
    header.backup_sector = load_le<std::uint64_t>(bytes, 32);
    header.disk_id = guid_text(std::span(bytes).subspan(56, 16));
    header.entries_sector = load_le<std::uint64_t>(bytes, 72);
    header.entries = load_le<std::uint32_t>(bytes, 80);
    header.entry_bytes = load_le<std::uint32_t>(bytes, 84);
    header.entries_crc = load_le<std::uint32_t>(bytes, 88);
    return header;
}

std::optional<std::vector<std::byte>> find_gpt_entries(const DiskPages& disk,
                                                       const GptHeader& header,
                                                       std::uint64_t sector_bytes) {
    const std::uint64_t bytes = std::uint64_t{header.entries} * header.entry_bytes;
    if (header.entry_bytes < 128 || header.entry_bytes > kMostGptEntryBytes ||
        header.entry_bytes % 8 != 0 || bytes > kMostGptTableBytes ||
        header.entries_sector > disk.capacity_bytes() / sector_bytes ||
        !disk.holds(header.entries_sector * sector_bytes, bytes)) {
        return std::nullopt;
    }
    std::vector<std::byte> entries = disk.read(header.entries_sector * sector_bytes, bytes);
    return ovfkit::crc32_of(0, entries) == header.entries_crc ? std::optional(std::move(entries))
                                                              : std::nullopt;
}

// Cuts what reaches beyond the disk; false: it is all outside, or nothing.
bool fit_to_disk(Partition& partition, const DiskPages& disk, std::vector<std::string>& notes) {
    if (partition.bytes == 0 || partition.offset >= disk.capacity_bytes()) {
        notes.push_back(fmt::format("partition {} lies outside the disk", partition.number));
        return false;
    }
    if (partition.bytes > disk.capacity_bytes() - partition.offset) {
        partition.bytes = disk.capacity_bytes() - partition.offset;
        notes.push_back(
            fmt::format("partition {} reaches beyond the end of the disk", partition.number));
    }
    return true;
}

void take_gpt_entries(const DiskPages& disk, const GptHeader& header, PartitionBytes entries,
                      std::uint64_t sector_bytes, PartitionTable& table) {
    const std::uint64_t sectors = disk.capacity_bytes() / sector_bytes;
    for (std::uint32_t i = 0; i < header.entries; ++i) {
        const PartitionBytes entry = entries.subspan(std::size_t{i} * header.entry_bytes, 128);
        if (std::all_of(entry.begin(), entry.begin() + 16,
                        [](std::byte byte) { return byte == std::byte{0}; })) {
            continue;
        }
        const auto first = load_le<std::uint64_t>(entry, 32);
        const auto last = load_le<std::uint64_t>(entry, 40);
        Partition partition{.number = i + 1,
                            .type = guid_text(entry.first(16)),
                            .uuid = guid_text(entry.subspan(16, 16)),
                            .label = text_of_utf16(entry.subspan(56))};
        // Beyond the disk already: no product of large numbers is made of them.
        if (first < sectors && last >= first) {
            partition.offset = first * sector_bytes;
            partition.bytes = (std::min(last, sectors) - first + 1) * sector_bytes;
        }
        if (fit_to_disk(partition, disk, table.notes)) {
            table.partitions.push_back(std::move(partition));
        }
    }
}

// nullopt: no GPT with sectors of this size.
std::optional<PartitionTable> find_gpt(const DiskPages& disk, std::uint64_t sector_bytes) {
    const std::uint64_t sectors = disk.capacity_bytes() / sector_bytes;
    if (sectors < 3) {
        return std::nullopt;
    }
    PartitionTable table{.kind = PartitionTable::Kind::gpt};
    // A disk that was made larger has its backup where the first says.
    std::vector<std::uint64_t> places{1, sectors - 1};
    for (std::size_t i = 0; i < places.size(); ++i) {
        const std::optional<GptHeader> header = find_gpt_header(disk, sector_bytes, places[i]);
        if (!header) {
            continue;
        }
        if (i == 0) {
            places.push_back(header->backup_sector);
        }
        if (const auto entries = find_gpt_entries(disk, *header, sector_bytes)) {
            if (i > 0) {
                table.notes.emplace_back("the partition table is damaged; its backup was read");
            }
            table.disk_id = header->disk_id;
            take_gpt_entries(disk, *header, *entries, sector_bytes, table);
            return table;
        }
    }
    return std::nullopt;
}

// ---- MBR

struct MbrRecord {
    unsigned status = 0;
    unsigned type = 0;
    std::uint64_t first = 0;
    std::uint64_t sectors = 0;

    bool used() const { return type != 0 && sectors != 0; }
    bool extended() const { return type == 0x05 || type == 0x0f || type == 0x85; }
};

// nullopt: the sector is none of a boot record's kind.
std::optional<std::array<MbrRecord, 4>> find_mbr_records(PartitionBytes sector) {
    std::array<MbrRecord, 4> records;
    if (load_le<std::uint16_t>(sector, 510) != 0xaa55) {
        return std::nullopt;
    }
    for (std::size_t i = 0; i < records.size(); ++i) {
        const PartitionBytes bytes = sector.subspan(kMbrRecords + i * kMbrRecordBytes);
        records.at(i) = {byte_at(bytes, 0), byte_at(bytes, 4), load_le<std::uint32_t>(bytes, 8),
                         load_le<std::uint32_t>(bytes, 12)};
        if ((records.at(i).status & 0x7fU) != 0) {
            return std::nullopt;  // boot code of a file system, not a table
        }
    }
    return records;
}

void add_mbr_partition(const DiskPages& disk, unsigned number, std::uint64_t base,
                       const MbrRecord& record, PartitionTable& table) {
    Partition partition{.number = number,
                        .offset = (base + record.first) * kMbrSector,
                        .bytes = record.sectors * kMbrSector,
                        .type = fmt::format("0x{:02x}", record.type),
                        .uuid = fmt::format("{}-{:02x}", table.disk_id, number)};
    if (fit_to_disk(partition, disk, table.notes)) {
        table.partitions.push_back(std::move(partition));
    }
}

// The chain of records inside an extended partition, each of which names one logical partition and
// the next record.
void add_logical_partitions(const DiskPages& disk, const MbrRecord& extended,
                            PartitionTable& table) {
    std::uint64_t at = extended.first;
    std::set<std::uint64_t> seen;
    for (unsigned number = kFirstLogical; number < kFirstLogical + kMostLogical; ++number) {
        const bool readable = disk.holds(at * kMbrSector, kMbrSector) && seen.insert(at).second;
        const auto records =
            readable ? find_mbr_records(disk.read(at * kMbrSector, kMbrSector)) : std::nullopt;
        if (!records) {
            table.notes.emplace_back("the list of logical partitions is damaged");
            return;
        }
        std::optional<std::uint64_t> next;
        bool taken = false;
        for (const MbrRecord& record : *records) {
            if (record.used() && record.extended() && !next) {
                next = extended.first + record.first;
            } else if (record.used() && !record.extended() && !taken) {
                add_mbr_partition(disk, number, at, record, table);
                taken = true;
            }
        }
        if (!next) {
            return;
        }
        at = *next;
    }
    table.notes.push_back(fmt::format("more than {} logical partitions", kMostLogical));
}

std::optional<PartitionTable> find_mbr(const DiskPages& disk) {
    if (!disk.holds(0, kMbrSector)) {
        return std::nullopt;
    }
    const std::vector<std::byte> sector = disk.read(0, kMbrSector);
    const auto records = find_mbr_records(sector);
    if (!records || std::none_of(records->begin(), records->end(),
                                 [](const MbrRecord& record) { return record.used(); })) {
        return std::nullopt;
    }
    PartitionTable table{.kind = PartitionTable::Kind::mbr,
                         .disk_id = fmt::format("{:08x}", load_le<std::uint32_t>(sector, 440))};
    for (unsigned i = 0; i < records->size(); ++i) {
        const MbrRecord& record = records->at(i);
        if (record.used() && !record.extended()) {
            add_mbr_partition(disk, i + 1, 0, record, table);
        }
    }
    for (const MbrRecord& record : *records) {
        if (record.used() && record.extended()) {
            add_logical_partitions(disk, record, table);
            break;  // Linux reads one as well
        }
    }
    return table;
}

bool has_protective_record(const DiskPages& disk) {
    if (!disk.holds(0, kMbrSector)) {
        return false;
    }
    const auto records = find_mbr_records(disk.read(0, kMbrSector));
    return records && std::any_of(records->begin(), records->end(),
                                  [](const MbrRecord& record) { return record.type == 0xee; });
}

void note_overlaps(PartitionTable& table) {
    std::vector<const Partition*> by_place;
    for (const Partition& partition : table.partitions) {
        by_place.push_back(&partition);
    }
    std::sort(by_place.begin(), by_place.end(),
              [](const Partition* a, const Partition* b) { return a->offset < b->offset; });
    const Partition* widest = nullptr;
    for (const Partition* next : by_place) {
        if (widest != nullptr && next->offset < widest->offset + widest->bytes) {
            table.notes.push_back(
                fmt::format("partitions {} and {} overlap", widest->number, next->number));
        }
        if (widest == nullptr || next->offset + next->bytes > widest->offset + widest->bytes) {
            widest = next;
        }
    }
}

PartitionTable whole_disk(const DiskPages& disk) {
    PartitionTable table;
    if (disk.capacity_bytes() > 0) {
        table.partitions.push_back({.number = 0, .offset = 0, .bytes = disk.capacity_bytes()});
    }
    return table;
}

}  // namespace

std::string_view to_string(PartitionTable::Kind kind) {
    switch (kind) {
        case PartitionTable::Kind::none: return "none";
        case PartitionTable::Kind::mbr: return "mbr";
        case PartitionTable::Kind::gpt: return "gpt";
    }
    base::unreachable("partition table of no kind");
}

PartitionTable read_partition_table(const DiskPages& disk) {
    std::optional<PartitionTable> table;
    // Without the protective record a GPT is a leftover of another division.
    if (has_protective_record(disk)) {
        for (const std::uint64_t sector_bytes : {kMbrSector, std::uint64_t{4096}}) {
            table = table ? std::move(table) : find_gpt(disk, sector_bytes);
        }
        if (!table) {
            throw Error(ErrorKind::invalid_input,
                        fmt::format("disk '{}': both copies of its partition table are damaged",
                                    disk.name()));
        }
    } else {
        table = find_mbr(disk);
    }
    if (!table) {
        return whole_disk(disk);
    }
    if (table->partitions.empty()) {
        // Of a table that fits nowhere the boot code of a file system may be made.
        PartitionTable whole = whole_disk(disk);
        whole.notes = std::move(table->notes);
        return whole;
    }
    note_overlaps(*table);
    return std::move(*table);
}

}  // namespace imagebuilder
