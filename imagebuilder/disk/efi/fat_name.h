// SPDX-License-Identifier: Apache-2.0
// Names in a folder of a FAT file system (Microsoft's FAT specification 1.03): the short name of 11
// bytes, and the long name in entries in front of it where the short one does not say all.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace imagebuilder {

inline constexpr std::size_t kFatEntryBytes = 32;

struct FatName {
    std::string short_name;  // 11 bytes, "BOOTX64 EFI"
    std::string long_name;   // empty: the short name says it all
};

// Throws invalid_input for a name that FAT cannot hold: empty, longer than 255, "." and "..", with
// characters that are reserved or no ASCII. The short name is added to `taken`, those of the folder
// so far; equal names, capitals aside, are invalid_input too.
FatName make_fat_name(std::string_view name, std::set<std::string>& taken);

std::size_t count_entries(const FatName& name);  // with the one of the short name

// The entries of the long name in the order of the folder; the caller adds the short one.
std::vector<std::byte> long_name_entries(const FatName& name);

}  // namespace imagebuilder
