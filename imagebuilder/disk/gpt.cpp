// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/disk/gpt.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include <fmt/format.h>

#include "base/error.h"
#include "base/fd.h"

namespace imagebuilder {

namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t kEntrySize = 128;
constexpr std::size_t kEntries = 128;
constexpr std::uint64_t kEntrySectors = kEntries * kEntrySize / kSector;
constexpr std::uint64_t kFirstUsable = 2 + kEntrySectors;

using Bytes = std::vector<std::byte>;

template <typename T>
void put(Bytes& bytes, std::size_t at, T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        bytes.at(at + i) = static_cast<std::byte>(value >> (8 * i) & 0xffU);
    }
}

std::uint32_t crc32(std::span<const std::byte> data) {
    std::uint32_t crc = 0xffffffffU;
    for (const std::byte byte : data) {
        crc ^= std::to_integer<std::uint32_t>(byte);
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
        }
    }
    return ~crc;
}

unsigned hex_digit(char c, const std::string& uuid) {
    const std::string_view digits = "0123456789abcdef";
    const std::size_t at = digits.find(c);
    if (at == std::string_view::npos) {
        throw Error(ErrorKind::internal, fmt::format("'{}' is not a lower-case UUID", uuid));
    }
    return static_cast<unsigned>(at);
}

// UEFI 2.10, appendix A: the first three fields are little-endian.
void put_guid(Bytes& bytes, std::size_t at, const std::string& uuid) {
    constexpr std::array<std::size_t, 16> kOrder{3, 2, 1,  0,  5,  4,  7,  6,
                                                 8, 9, 10, 11, 12, 13, 14, 15};
    std::string digits;
    for (const char c : uuid) {
        if (c != '-') {
            digits += c;
        }
    }
    if (digits.size() != 32) {
        throw Error(ErrorKind::internal, fmt::format("'{}' is not a UUID", uuid));
    }
    for (std::size_t i = 0; i < kOrder.size(); ++i) {
        bytes.at(at + kOrder.at(i)) = static_cast<std::byte>(hex_digit(digits[2 * i], uuid) << 4U |
                                                             hex_digit(digits[2 * i + 1], uuid));
    }
}

Bytes entries_of(const std::vector<GptPartition>& partitions, std::uint64_t last_usable) {
    Bytes bytes(kEntries * kEntrySize);
    std::uint64_t next = kFirstUsable;
    std::size_t at = 0;
    for (const GptPartition& partition : partitions) {
        if (partition.first_sector < next || partition.last_sector < partition.first_sector ||
            partition.last_sector > last_usable || partition.name.size() > 36 ||
            partitions.size() > kEntries) {
            throw Error(ErrorKind::internal,
                        fmt::format("the partition '{}' has no place", partition.name));
        }
        put_guid(bytes, at, partition.type_uuid);
        put_guid(bytes, at + 16, partition.uuid);
        put(bytes, at + 32, partition.first_sector);
        put(bytes, at + 40, partition.last_sector);
        for (std::size_t i = 0; i < partition.name.size(); ++i) {
            put(bytes, at + 56 + 2 * i, static_cast<std::uint16_t>(partition.name[i]));
        }
        next = partition.last_sector + 1;
        at += kEntrySize;
    }
    return bytes;
}

struct HeaderPlace {
    std::uint64_t own;
    std::uint64_t other;
    std::uint64_t entries;
};

Bytes header_at(HeaderPlace place, std::uint64_t last_usable, const std::string& disk_uuid,
                std::uint32_t entries_crc) {
    constexpr std::uint32_t kHeaderSize = 92;
    Bytes bytes(kSector);
    put(bytes, 0, std::uint64_t{0x5452415020494645U});  // "EFI PART"
    put(bytes, 8, std::uint32_t{0x00010000});
    put(bytes, 12, kHeaderSize);
    put(bytes, 24, place.own);
    put(bytes, 32, place.other);
    put(bytes, 40, kFirstUsable);
    put(bytes, 48, last_usable);
    put_guid(bytes, 56, disk_uuid);
    put(bytes, 72, place.entries);
    put(bytes, 80, static_cast<std::uint32_t>(kEntries));
    put(bytes, 84, static_cast<std::uint32_t>(kEntrySize));
    put(bytes, 88, entries_crc);
    put(bytes, 16, crc32(std::span(bytes).first(kHeaderSize)));
    return bytes;
}

// UEFI 2.10, 5.2.3: one record of type 0xEE over the whole disk.
Bytes protective_mbr(std::uint64_t sectors) {
    Bytes bytes(kSector - 440);  // from the disk signature on
    constexpr std::size_t kRecord = 446 - 440;
    put(bytes, kRecord + 1, std::uint16_t{0x0002});  // CHS of LBA 1
    bytes.at(kRecord + 4) = std::byte{0xee};
    put(bytes, kRecord + 5, std::uint16_t{0xffff});
    bytes.at(kRecord + 7) = std::byte{0xff};
    put(bytes, kRecord + 8, std::uint32_t{1});
    put(bytes, kRecord + 12,
        static_cast<std::uint32_t>(std::min<std::uint64_t>(sectors - 1, 0xffffffffU)));
    put(bytes, 510 - 440, std::uint16_t{0xaa55});
    return bytes;
}

}  // namespace

void write_gpt(int fd, std::uint64_t disk_bytes, const std::string& disk_uuid,
               const std::vector<GptPartition>& partitions, const std::string& name) {
    const std::uint64_t sectors = disk_bytes / kSector;
    const std::uint64_t last = sectors - 1;
    const std::uint64_t last_usable = last - kEntrySectors - 1;
    const Bytes entries = entries_of(partitions, last_usable);
    const std::uint32_t crc = crc32(entries);
    const auto write = [&](const Bytes& bytes, std::uint64_t offset) {
        base::pwrite_all(fd, bytes, offset, name);
    };
    write(protective_mbr(sectors), 440);
    write(header_at({1, last, 2}, last_usable, disk_uuid, crc), kSector);
    write(entries, 2 * kSector);
    write(entries, (last - kEntrySectors) * kSector);
    write(header_at({last, 1, last - kEntrySectors}, last_usable, disk_uuid, crc), last * kSector);
}

}  // namespace imagebuilder
