// SPDX-License-Identifier: Apache-2.0
// Trees, and what a step changed in one, as compressed tar files: with owners, modes, times,
// extended attributes and hard links. Files appear under their names only when they are whole.
// Where they are kept and which belong together: imagebuilder/cache/layer_store.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/fd.h"
#include "base/process.h"
#include "imagebuilder/tree/tree_listing.h"

namespace imagebuilder {

// A whole tree; unpack_tree() fills an empty folder, or puts the entries over those that are there.
void pack_tree(const std::filesystem::path& tree, const std::filesystem::path& tar);
void unpack_tree(const std::filesystem::path& tar, const std::filesystem::path& tree);

// Compresses a tar the way all trees are kept: fast, by all processors.
base::Command compression(int tar_fd, int packed_fd);

struct DifferenceFiles {
    std::filesystem::path tar;      // absent when nothing is stored
    std::filesystem::path removed;  // absent when nothing is removed and no folder stays
};

// Returns the size of the files.
std::uint64_t pack_difference(const std::filesystem::path& tree, const TreeDifference& difference,
                              const DifferenceFiles& files);
// The tree must be as it was before the step: then it is as it was after it.
void apply_difference(const DifferenceFiles& files, const std::filesystem::path& tree);

// The tree as a tar stream, the same bytes for the same tree: the process writes into the pipe.
// finish() throws when it failed.
class TreeStream {
  public:
    explicit TreeStream(const std::filesystem::path& tree);
    // Only these entries, in this order: paths as in a TreeListing.
    TreeStream(const std::filesystem::path& tree, const std::vector<std::string>& paths);
    int fd() const { return pipe_.read_end.get(); }
    void finish();

  private:
    base::Pipe pipe_;
    base::Process process_;
};

}  // namespace imagebuilder
