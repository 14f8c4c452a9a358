// SPDX-License-Identifier: Apache-2.0
// A bootable disk out of files: GPT with a BIOS boot partition (GRUB), an EFI system partition
// (systemd-boot) and, last so that it can grow, the root partition with ext4; as a qcow2 of zstd
// clusters, written in one pass. Depends on the inputs only, so equal inputs give equal bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "imagebuilder/disk/efi/efi_partition.h"
#include "imagebuilder/disk/ext4_writer.h"

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
};

class ImageDisk {
  public:
    explicit ImageDisk(const DiskOptions& options);
    ImageDisk(const ImageDisk&) = delete;
    ImageDisk& operator=(const ImageDisk&) = delete;
    ~ImageDisk();

    Ext4Writer& files();  // of the root file system
    // No more files; `efi` when there is room for it. Only then is it a disk.
    void finish(const std::optional<EfiBoot>& efi);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

// From a tree of this host.
void make_disk(const DiskOptions& options, const std::filesystem::path& tree,
               const std::optional<EfiBoot>& efi);

}  // namespace imagebuilder
