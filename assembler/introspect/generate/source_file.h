// SPDX-License-Identifier: Apache-2.0
// The files of the machines that were introspected, as the generators ask for them: by machine and
// path, so that tests need no disks.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "imagebuilder/filetree/file_tree.h"

namespace assembler {

struct SourceFile {
    std::string path;  // without links: where it has to be written
    std::string text;
    std::string owner = "root:root";  // names where the machine has them, else numbers
    unsigned permissions = 0644;
};

// nullopt: there is no such file, or it cannot be read. `machine` is the name in the facts.
using FileReader =
    std::function<std::optional<SourceFile>(const std::string& machine, const std::string& path)>;
using MachineTrees = std::map<std::string, std::shared_ptr<const imagebuilder::FileTree>>;

// Files of at most kMaxConfigurationBytes.
FileReader reader_of(MachineTrees trees);

// Of the tree's passwd and group: "postgres:postgres"; numbers for ids without a name.
std::string owner_in_tree(const imagebuilder::FileTree& tree, const imagebuilder::TreeEntry& entry);

// Well-formed UTF-8 without zero bytes: what a template can be made of.
bool is_plain_text(std::string_view text);

}  // namespace assembler
