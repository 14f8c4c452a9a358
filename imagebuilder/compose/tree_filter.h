// SPDX-License-Identifier: Apache-2.0
// The rules of imagebuilder/tree/seal_rules.h for entries that pass by on their way into an image:
// the same is left out and emptied as in a tree that exists. Remembers what a rule has to make at
// the end and what identities went through.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "imagebuilder/disk/file_entry.h"
#include "imagebuilder/tree/seal_rules.h"

namespace imagebuilder {

// As the shell matches a path: '*' stops at '/', and no wildcard takes the '.' of a hidden name.
bool matches_path(std::string_view pattern, std::string_view path);

class TreeFilter {
  public:
    // `replaced`: paths that get something else at the end; `removed`: nothing comes of these and
    // what is in them.
    TreeFilter(bool seal, std::set<std::string> replaced, std::set<std::string> removed = {});

    // False: leave it out. May take the content away (`size` becomes 0: it is not read).
    bool admit(FileEntry& entry);

    // Of rules that make a file: those that nothing came for.
    std::vector<std::string> files_to_make() const;
    // Absolute paths; empty when the image is not to be sealed.
    const std::vector<std::string>& identities() const { return identities_; }

  private:
    bool is_removed(const FileEntry& entry) const;

    bool seal_;
    std::set<std::string> replaced_;
    std::set<std::string> removed_;
    std::vector<TreeRule> rules_;
    std::set<std::string> to_make_;
    std::vector<std::string> identities_;
};

}  // namespace imagebuilder
