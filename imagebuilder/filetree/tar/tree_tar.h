// SPDX-License-Identifier: Apache-2.0
// A whole FileTree as a tar stream: folders before what is in them, names in byte order, owners,
// permissions, xattrs, hard links, devices and pipes; sockets are left out. The same bytes for the
// same tree.
#pragma once

#include <cstdint>

#include "base/stream.h"
#include "imagebuilder/filetree/file_tree.h"

namespace imagebuilder {

struct TreeTarOptions {
    // Of content in all: a damaged file system may have the same blocks in any number of files.
    std::uint64_t most_bytes = ~std::uint64_t{0};
    // False: without devices, and without what is in /dev: the kernel makes them at boot, and only
    // root may unpack them.
    bool devices = true;
};

// Throws invalid_input when there is more content than that.
void write_tree_tar(const FileTree& tree, base::ByteSink& sink, const TreeTarOptions& options = {});

}  // namespace imagebuilder
