// SPDX-License-Identifier: Apache-2.0
// Finished trees kept as compressed tar files in cache_dir()/layers, named by the key of all that
// made them. A layer appears under its name only when it is whole.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/fd.h"
#include "base/process.h"

namespace imagebuilder {

std::filesystem::path layer_path(const std::string& key);
bool has_layer(const std::string& key);

// Fills an empty tree, with owners, xattrs and hard links.
void unpack_layer(const std::filesystem::path& tar, const std::filesystem::path& tree);
void store_layer(const std::filesystem::path& tree, const std::string& key);

// The tree as a tar stream, the same bytes for the same tree: the process writes into the pipe.
// finish() throws when it failed.
class TreeStream {
  public:
    explicit TreeStream(const std::filesystem::path& tree);
    int fd() const { return pipe_.read_end.get(); }
    void finish();

  private:
    base::Pipe pipe_;
    base::Process process_;
};

}  // namespace imagebuilder
