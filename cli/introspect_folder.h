// SPDX-License-Identifier: Apache-2.0
// The half of `muster introspect` that writes a folder, and what is said of a set of machines that
// became an assembly.
#pragma once

#include "assembler/introspect/rebuild/assembly_folder.h"
#include "cli/cmd_introspect.h"

namespace cli {

// -o DIR
int write_introspected(const IntrospectOptions& options, base::cli::Io& io);

// Who connects to whom.
void print_assembly(const assembler::AssemblyFolder& folder, base::cli::Io& io);

}  // namespace cli
