// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/filetree/disk/file_system_mark.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>

#include <fmt/format.h>

#include "base/fd.h"
#include "ovfkit/disk/byte_order.h"

namespace imagebuilder {

namespace {

using namespace std::string_view_literals;

struct KnownMark {
    std::uint64_t offset;
    std::string_view bytes;
    std::string_view kind;
    bool may_be_root = true;
};

constexpr std::array<KnownMark, 26> kKnownMarks{{
    {0, "LUKS\xba\xbe"sv, "LUKS"},
    {0, "XFSB"sv, "XFS"},
    {0x10040, "_BHRfS_M"sv, "btrfs"},
    {0, "LABELONE"sv, "LVM"},
    {512, "LABELONE"sv, "LVM"},
    {1024, "LABELONE"sv, "LVM"},
    {1536, "LABELONE"sv, "LVM"},
    {4096, "\xfc\x4e\x2b\xa9"sv, "a RAID member"},
    {0, "\xfc\x4e\x2b\xa9"sv, "a RAID member"},
    {0x400, "\x10\x20\xf5\xf2"sv, "F2FS"},
    {0x400, "\xe2\xe1\xf5\xe0"sv, "EROFS"},
    {0, "hsqs"sv, "squashfs"},
    {0x8000, "JFS1"sv, "JFS"},
    {0x10034, "ReIsEr2Fs"sv, "ReiserFS"},
    {0x10034, "ReIsEr3Fs"sv, "ReiserFS"},
    {3, "NTFS    "sv, "NTFS", false},
    {3, "-FVE-FS-"sv, "BitLocker", false},
    {3, "EXFAT   "sv, "exFAT", false},
    {3, "ReFS\0\0\0\0"sv, "ReFS", false},
    {82, "FAT32   "sv, "FAT", false},
    {54, "FAT16   "sv, "FAT", false},
    {54, "FAT12   "sv, "FAT", false},
    {4086, "SWAPSPACE2"sv, "swap", false},
    {65526, "SWAPSPACE2"sv, "swap", false},
    {0x8001, "CD001"sv, "ISO 9660", false},
    {0x2018, "\xb1\xc2\xbd\xba"sv, "ZFS"},
}};

constexpr std::uint64_t kExtSuperblock = 1024;
constexpr std::uint16_t kExtMagic = 0xef53;

// Feature bits of an ext superblock.
constexpr std::uint32_t kExtHasJournal = 0x0004;
constexpr std::uint32_t kExtJournalDevice = 0x0008;
constexpr std::uint32_t kExtIncompatOfExt4 = 0x0040 | 0x0080 | 0x0200;  // extents, 64bit, flex_bg
constexpr std::uint32_t kExtReadOnlyOfExt4 = 0x0008 | 0x0400;           // huge_file, metadata_csum

std::string uuid_text(std::span<const std::byte> bytes) {
    std::string text;
    for (std::size_t i = 0; i < 16; ++i) {
        text += fmt::format("{}{:02x}", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
                            std::to_integer<unsigned>(bytes[i]));
    }
    return text;
}

std::optional<FileSystemMark> find_ext(std::span<const std::byte> super) {
    using ovfkit::load_le;
    if (load_le<std::uint16_t>(super, 0x38) != kExtMagic) {
        return std::nullopt;
    }
    const auto compat = load_le<std::uint32_t>(super, 0x5c);
    const auto incompat = load_le<std::uint32_t>(super, 0x60);
    const auto read_only = load_le<std::uint32_t>(super, 0x64);
    if ((incompat & kExtJournalDevice) != 0) {
        return FileSystemMark{.kind = "a journal of ext4", .may_be_root = false};
    }
    FileSystemMark mark{.kind = "ext2", .readable = true};
    if ((incompat & kExtIncompatOfExt4) != 0 || (read_only & kExtReadOnlyOfExt4) != 0) {
        mark.kind = "ext4";
    } else if ((compat & kExtHasJournal) != 0) {
        mark.kind = "ext3";
    }
    mark.uuid = uuid_text(super.subspan(0x68, 16));
    const std::string_view label = base::as_text(super.subspan(0x78, 16));
    mark.label = label.substr(0, label.find('\0'));
    return mark;
}

}  // namespace

FileSystemMark identify_file_system(const DiskPages& disk, std::uint64_t offset,
                                    std::uint64_t bytes) {
    const auto holds = [&](std::uint64_t at, std::uint64_t count) {
        return at + count <= bytes && disk.holds(offset + at, count);
    };
    // First, for mke2fs leaves older marks behind it; what encloses an ext wipes its mark.
    if (holds(kExtSuperblock, 1024)) {
        if (auto mark = find_ext(disk.read(offset + kExtSuperblock, 1024))) {
            return *mark;
        }
    }
    for (const KnownMark& known : kKnownMarks) {
        if (holds(known.offset, known.bytes.size()) &&
            base::as_text(disk.read(offset + known.offset, known.bytes.size())) == known.bytes) {
            return {.kind = std::string(known.kind), .may_be_root = known.may_be_root};
        }
    }
    return {};
}

}  // namespace imagebuilder
