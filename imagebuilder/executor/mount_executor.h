// SPDX-License-Identifier: Apache-2.0
// The way of root: an ext4 in a raw disk, mounted where the tree belongs, so that this host's
// kernel writes the files while the steps run. The mount is in a namespace of this thread's own and
// ends with it, whatever happens to the program.
#pragma once

#include <optional>

#include "base/fd.h"
#include "imagebuilder/executor/build_executor.h"

namespace imagebuilder {

// A file system in a raw disk, seen at a folder by the thread that made this and by the processes
// it starts.
class MountedTree {
  public:
    // Throws environment when this host does not let us.
    MountedTree(const std::filesystem::path& raw, std::uint64_t offset,
                const std::filesystem::path& folder);
    MountedTree(const MountedTree&) = delete;
    MountedTree& operator=(const MountedTree&) = delete;
    ~MountedTree();
    // Everything is in the disk afterwards.
    void unmount();

  private:
    void leave();

    std::filesystem::path folder_;
    base::UniqueFd outside_;  // the namespace before
    bool mounted_ = false;
};

class MountExecutor : public BuildExecutor {
  public:
    void begin(const DiskOptions& disk, const std::filesystem::path& tree) override;
    void finish(const DiskOptions& disk, const std::filesystem::path& tree,
                const std::optional<EfiBoot>& efi) override;
    std::string describe_kept(const std::filesystem::path& tree) const override;

  private:
    std::filesystem::path raw_;
    DiskPartitions parts_;
    std::optional<MountedTree> mounted_;
};

}  // namespace imagebuilder
