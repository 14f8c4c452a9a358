// SPDX-License-Identifier: Apache-2.0
// A bootable disk out of a tree: GPT with a BIOS boot partition (GRUB), an EFI system partition
// (systemd-boot) and, last so that it can grow, the root partition with ext4; then qcow2. Depends
// on the inputs only, so equal inputs give equal bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "imagebuilder/disk/efi/efi_partition.h"

namespace imagebuilder {

struct RawDiskOptions {
    std::filesystem::path raw;  // written as a sparse file
    std::uint64_t size_bytes = 0;
    std::string key;  // partition ids are derived from it
    std::string filesystem_uuid;
    std::int64_t epoch = 0;
    std::filesystem::path work_dir;
    bool bios = true;
    std::optional<EfiBoot> efi;
};

void make_raw_disk(const RawDiskOptions& options, const std::filesystem::path& tree);

// zstd-compressed clusters: about a third of the size of plain ones for the same time, see
// docs/performance.md. Written by qemu-img in order, so the bytes are stable.
void convert_to_qcow2(const std::filesystem::path& raw, const std::filesystem::path& qcow2);

}  // namespace imagebuilder
