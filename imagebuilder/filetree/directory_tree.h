// SPDX-License-Identifier: Apache-2.0
// A folder of this host as a FileTree: of a mounted file system, of an unpacked image, of a test.
// Whatever the links in it say, the kernel is told to stay below the folder. What changes while it
// is read is read as it is found then.
#pragma once

#include <memory>
#include <string>

#include "imagebuilder/filetree/file_tree.h"

namespace imagebuilder {

// Throws not_found when there is no such folder.
std::unique_ptr<FileTree> open_directory_tree(const std::string& path);

}  // namespace imagebuilder
