// SPDX-License-Identifier: Apache-2.0
// Where a raw disk has its Linux system, found by mounting candidates read-only in a namespace of
// their own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

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
    bool has_apt = false;
};

// `mount_point` is an empty folder. Throws unsupported when no partition holds a system that this
// kernel can mount, naming what was found instead.
MountedRoot find_mounted_root(const std::filesystem::path& raw,
                              const std::filesystem::path& mount_point);

}  // namespace imagebuilder
