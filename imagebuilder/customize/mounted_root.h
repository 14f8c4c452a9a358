// SPDX-License-Identifier: Apache-2.0
// Where a raw disk has its Linux system, found by mounting candidates read-only in a namespace of
// their own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "imagebuilder/customize/package_manager.h"

namespace imagebuilder {

struct MountablePart {
    int number = 0;  // of the partition; 0: the disk has none and is a file system itself
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
};

// From sfdisk's JSON; empty when there is no table. Throws invalid_input for another text.
std::vector<MountablePart> parse_disk_parts(const std::string& json);

struct MountedRoot {
    MountablePart part;
    std::string filesystem;   // "ext4"
    std::string pretty_name;  // of os-release
    std::string id;           // "debian"
    std::string codename;     // "bookworm"; may be empty
    std::optional<PackageManager> packages;
};

struct RootSearch {
    std::optional<MountedRoot> root;  // nullopt: no system that this kernel can mount
    std::string seen;                 // "LVM2_member in partition 2"; empty: no file system at all
    // Other file systems that its fstab mounts ("/var"): they are not seen in the root.
    std::vector<std::string> others;
};

// `mount_point` is an empty folder.
RootSearch find_mounted_root(const std::filesystem::path& raw,
                             const std::filesystem::path& mount_point);

// What the look at a file system printed. Pure.
void read_root_look(const std::string& text, RootSearch& search);

}  // namespace imagebuilder
