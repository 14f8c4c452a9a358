// SPDX-License-Identifier: Apache-2.0
// What differs between two packages, or two machines: a line for each, below its subject.
#pragma once

#include <vector>

#include "base/cli/io.h"
#include "ovfkit/diff/change.h"

namespace cli {

void print_differences(const std::vector<ovfkit::Change>& changes, base::cli::Io& io);

}  // namespace cli
