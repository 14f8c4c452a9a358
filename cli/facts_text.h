// SPDX-License-Identifier: Apache-2.0
// The facts of a machine for people: a line for each, with file and line.
#pragma once

#include "assembler/introspect/facts.h"
#include "base/cli/io.h"

namespace cli {

// With `all`, packages, services and jobs that every system has, too.
void print_facts(const assembler::MachineFacts& facts, bool all, base::cli::Io& io);

}  // namespace cli
