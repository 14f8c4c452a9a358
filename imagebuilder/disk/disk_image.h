// SPDX-License-Identifier: Apache-2.0
// A bootable disk out of files: GPT with a BIOS boot partition (GRUB), an EFI system partition
// (systemd-boot) and, last so that it can grow, the root partition with ext4; as a qcow2 of zstd
// clusters, written in one pass. Depends on the inputs only, so equal inputs give equal bytes.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "imagebuilder/disk/ext4_writer.h"
#include "imagebuilder/disk/partitions.h"

namespace imagebuilder {

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
