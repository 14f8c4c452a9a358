// SPDX-License-Identifier: Apache-2.0
// What makes the disk of a tree: the one interface of the ways there are (executor.h). The steps of
// a recipe and what every image gets are the same for all; they find the tree in a folder.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "imagebuilder/disk/partitions.h"
#include "imagebuilder/executor/executor.h"
#include "imagebuilder/guestfs/guestfish.h"

namespace imagebuilder {

class BuildExecutor {
  public:
    BuildExecutor() = default;
    BuildExecutor(const BuildExecutor&) = delete;
    BuildExecutor& operator=(const BuildExecutor&) = delete;
    virtual ~BuildExecutor() = default;

    // Before anything is in the tree, an empty folder. `disk.efi_bytes` is not yet known then: not
    // zero means that there will be such a partition.
    virtual void begin(const DiskOptions& disk, const std::filesystem::path& tree) = 0;
    // The tree does not change any more; `efi` as above.
    virtual void finish(const DiskOptions& disk, const std::filesystem::path& tree,
                        const std::optional<EfiBoot>& efi) = 0;
    // Where the work of a build that failed stays, as a clause: "the tree is kept in '…'".
    virtual std::string describe_kept(const std::filesystem::path& tree) const = 0;
};

std::unique_ptr<BuildExecutor> make_executor(Executor executor, const GuestfishSettings& guestfish);

// No entry is younger than that. As the tree's owner.
void limit_times(const std::filesystem::path& tree, std::int64_t epoch);

}  // namespace imagebuilder
