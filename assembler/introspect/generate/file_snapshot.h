// SPDX-License-Identifier: Apache-2.0
// The files of one machine that generating needs, taken out of its tree at once: the tree of a disk
// is read in a locked-down process, and what it found crosses over as text.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "assembler/introspect/facts.h"
#include "assembler/introspect/generate/source_file.h"

namespace assembler {

// By the path that facts call it; links of it lead to SourceFile::path.
using FileSnapshot = std::map<std::string, SourceFile>;

// Texts alone, at most kMaxConfigurationBytes each and a bounded number of bytes in all.
FileSnapshot take_snapshot(const imagebuilder::FileTree& tree, const MachineFacts& machine);

FileReader reader_of(std::map<std::string, FileSnapshot> machines);  // by name

std::string snapshot_text(const FileSnapshot& snapshot);
// Believes nothing of the text but its form. Throws invalid_input.
FileSnapshot parse_snapshot(std::string_view text);

}  // namespace assembler
