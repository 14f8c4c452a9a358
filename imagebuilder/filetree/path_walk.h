// SPDX-License-Identifier: Apache-2.0
// How a path leads through a tree whose links nobody trusts: the one place that follows links, for
// trees of every kind. Paths that are asked of the tree itself are plain: "/" or "/a/b", without
// ".", "..", doubled slashes, and with no link in any part but the last.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "imagebuilder/filetree/file_tree.h"

namespace imagebuilder {

// The entry at a plain path, itself; nullopt: nothing there.
using FindPlain = std::function<std::optional<TreeEntry>(const std::string&)>;

struct WalkedPath {
    std::string plain;
    TreeEntry entry;
};

// Where the path leads. A link as its last part is followed when `follow_last` says so. After 40
// links, beyond 4096 bytes and through what is no folder a path leads nowhere.
std::optional<WalkedPath> walk_path(std::string_view path, bool follow_last,
                                    const FindPlain& find_plain);

// "/a" and "b" → "/a/b", "/" and "b" → "/b".
std::string join_plain(std::string_view folder, std::string_view name);
// "/a/b" → "/a" and "b"; "/" → "/" and "".
std::pair<std::string_view, std::string_view> split_plain(std::string_view plain);

}  // namespace imagebuilder
