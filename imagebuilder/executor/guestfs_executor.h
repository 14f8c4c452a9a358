// SPDX-License-Identifier: Apache-2.0
// The way for what we do not write ourselves (XFS, btrfs, LVM): the tree is made in namespaces, its
// partitions and boot loaders by us, and the small machine of libguestfs makes the file system in
// the root partition and unpacks the tree into it.
#pragma once

#include "imagebuilder/executor/build_executor.h"

namespace imagebuilder {

class GuestfsExecutor : public BuildExecutor {
  public:
    explicit GuestfsExecutor(GuestfishSettings settings) : settings_(std::move(settings)) {}
    void begin(const DiskOptions& disk, const std::filesystem::path& tree) override;
    void finish(const DiskOptions& disk, const std::filesystem::path& tree,
                const std::optional<EfiBoot>& efi) override;
    std::string describe_kept(const std::filesystem::path& tree) const override;

  private:
    GuestfishSettings settings_;
};

// What fills the root partition of that number; the tree's tar comes on standard input. Pure.
GuestfishCommands guestfish_filling(const std::filesystem::path& raw, int partition,
                                    const RootKind& root, const std::string& filesystem_uuid);

}  // namespace imagebuilder
