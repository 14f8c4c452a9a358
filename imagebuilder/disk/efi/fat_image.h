// SPDX-License-Identifier: Apache-2.0
// A FAT32 file system with files in it, written in one go (Microsoft's FAT specification 1.03):
// what firmware reads an EFI system partition as. The bytes depend on the arguments only; files lie
// one after the other, and what is zeros is not written. Names are ASCII, long ones as VFAT has
// them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace imagebuilder {

struct FatFile {
    std::string path;          // "EFI/BOOT/BOOTX64.EFI"; its folders are made
    std::string_view content;  // borrowed
};

struct FatOptions {
    std::uint64_t size_bytes = 0;    // a multiple of 512
    std::uint64_t first_sector = 0;  // of the partition on the disk
    std::uint32_t volume_id = 0;
    std::string label;       // at most 11 capitals and digits
    std::int64_t epoch = 0;  // the time of all files; FAT begins in 1980
};

// The smallest file system of whole MiB for so many bytes of content; FAT32 has none below 34 MiB.
std::uint64_t fat32_size_for(std::uint64_t content_bytes);

// `write_at` takes bytes for an offset in the file system; what it does not get are zeros. Throws
// invalid_input for files that do not fit and for names that FAT cannot hold.
void write_fat32(const FatOptions& options, const std::vector<FatFile>& files,
                 const std::function<void(std::uint64_t, std::span<const std::byte>)>& write_at);

}  // namespace imagebuilder
