// SPDX-License-Identifier: Apache-2.0
// A lint report for people: one line per finding as compilers write them, and what to do.
#pragma once

#include "base/cli/io.h"
#include "ovfkit/lint/lint.h"

namespace cli {

void print_lint(const ovfkit::lint::LintReport& report, ovfkit::lint::TargetSet targets,
                base::cli::Io& io);

}  // namespace cli
