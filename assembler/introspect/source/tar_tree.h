// SPDX-License-Identifier: Apache-2.0
// A tar stream in memory as a FileTree: what a running machine sends of its files. Names that climb
// out of the tree are refused; the content of files longer than kMaxConfigurationBytes is not kept.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "imagebuilder/filetree/file_tree.h"

namespace assembler {

// Throws invalid_input for a broken stream and one of more than a million entries.
std::unique_ptr<imagebuilder::FileTree> read_tar_tree(std::string_view tar,
                                                      const std::string& name);

}  // namespace assembler
