// SPDX-License-Identifier: Apache-2.0
// What `muster build --plan` prints.
#pragma once

#include "base/cli/io.h"
#include "imagebuilder/plan/build_plan.h"

namespace cli {

void print_build_plan(const imagebuilder::BuildPlan& plan, base::cli::Io& io);

}  // namespace cli
