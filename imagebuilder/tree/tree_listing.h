// SPDX-License-Identifier: Apache-2.0
// What is in a tree, and what a step has changed in it: two lists of all its files, compared. The
// kernel sets a file's change time whatever is done to it, so nothing has to be read. What lies in
// /dev does not count: it is never kept.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace imagebuilder {

struct ListedFile {
    std::string path;  // "./etc/passwd"; "." is the tree itself
    char type = 'f';   // as find(1) says: f, d, l, p, s, b, c
    std::uint64_t inode = 0;
    std::uint64_t links = 1;
    std::string stamp;  // inode, links, times, size, mode, owner: another text for another state
    bool is_folder() const { return type == 'd'; }
};

// A folder stands right before what is in it; names in byte order.
using TreeListing = std::vector<ListedFile>;

// After it returns, whatever changes the tree leaves another change time than those in the list.
TreeListing list_tree(const std::filesystem::path& tree);

// `text` is what find(1) printed for list_tree().
TreeListing parse_listing(std::string_view text);

struct TreeDifference {
    // What is new or changed, in the order of a listing: with each name of a file that has several,
    // and the folders that lead there.
    std::vector<std::string> stored;
    // What has gone, or would be in the way of what is stored; not what lies below such a folder.
    std::vector<std::string> removed;
    // Folders among the stored that were there before.
    std::vector<std::string> folders;
    bool empty() const { return stored.empty() && removed.empty(); }
};

TreeDifference compare(const TreeListing& before, const TreeListing& after);

}  // namespace imagebuilder
