// SPDX-License-Identifier: Apache-2.0
// The partitions of an image's disk, and everything on it but the root file system: the GPT, GRUB
// for BIOS in a partition of its own, systemd-boot in an EFI system partition. Depends on the
// arguments only. Root is last, so that it can grow.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "imagebuilder/disk/efi/efi_partition.h"
#include "imagebuilder/disk/gpt.h"
#include "imagebuilder/recipe.h"

namespace imagebuilder {

struct DiskOptions {
    std::filesystem::path qcow2;
    std::uint64_t size_bytes = 0;
    std::string key;  // partition ids are derived from it
    std::string filesystem_uuid;
    std::int64_t epoch = 0;
    std::filesystem::path work_dir;  // for what waits until the end; the disk's tables, some MiB
    bool bios = true;
    std::uint64_t efi_bytes = 0;  // of the EFI system partition; 0: none
    RootKind root;                // what GRUB has to read
};

struct DiskExtent {
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;

    std::uint64_t end() const { return offset + bytes; }
    std::uint64_t first_sector() const { return offset / kSector; }
};

struct DiskPartitions {
    DiskExtent core;  // empty: no BIOS
    DiskExtent efi;   // empty: no UEFI
    DiskExtent root;

    int root_number() const { return 1 + (core.bytes != 0 ? 1 : 0) + (efi.bytes != 0 ? 1 : 0); }
};

// Throws invalid_input when the disk is too small.
DiskPartitions plan_partitions(const DiskOptions& options);

// All but the root partition's content, into the disk of that name; `efi` when there is room for
// it.
void write_partitions(int fd, const std::string& name, const DiskOptions& options,
                      const DiskPartitions& parts, const std::optional<EfiBoot>& efi);

}  // namespace imagebuilder
