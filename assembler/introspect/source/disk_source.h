// SPDX-License-Identifier: Apache-2.0
// From disk images to the facts of the machine whose system is on one of them. A disk is read in a
// locked-down child; the facts come back as text and are checked. What we do not read, libguestfs
// does (guest_source.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "assembler/introspect/source/machine_source.h"

namespace assembler {

using AlsoRead = std::function<std::string(const imagebuilder::FileTree&, const MachineFacts&)>;

IntrospectedMachine introspect_files(const imagebuilder::FileTree& tree,
                                     const IntrospectOptions& options, const AlsoRead& also);

// The machine whose disks these are, in its order; one that is not there or not read is left out
// with a remark. Throws what the first of those threw when there is no other, not_found when there
// are none, or none has a system.
IntrospectedMachine introspect_disks(const std::vector<imagebuilder::DiskFile>& disks,
                                     const IntrospectOptions& options, const SourceOptions& source);

// How a machine crosses from the child. Throws invalid_input for what is no such text.
std::string machine_text(const IntrospectedMachine& machine);
IntrospectedMachine parse_machine_text(std::string_view text);

}  // namespace assembler
