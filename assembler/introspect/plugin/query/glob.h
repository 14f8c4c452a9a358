// SPDX-License-Identifier: Apache-2.0
// Patterns with "*" (any text), and files of a tree by such patterns. Bounded, in time too.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imagebuilder/filetree/file_tree.h"

namespace assembler::plugin {

// What the first "*" stood for; empty when there is none. nullopt: no match.
std::optional<std::string> match_glob(std::string_view pattern, std::string_view text);

struct FoundFile {
    std::string path;                // as the pattern leads to it
    std::vector<std::string> stars;  // what each part with a "*" stood for, in order
};

// Files, not folders. In a part of the path "*" stands for any text without "/" (not for a leading
// dot); a part "**" for up to five folders. Looks at 20,000 entries at the most, then `*cut` is
// set.
std::vector<FoundFile> find_files(const imagebuilder::FileTree& tree, std::string_view pattern,
                                  bool* cut = nullptr);

}  // namespace assembler::plugin
