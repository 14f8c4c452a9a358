// SPDX-License-Identifier: Apache-2.0
// The plan of a package, from its descriptor alone: for `muster up --plan`. Nothing is stored or
// verified.
#pragma once

#include "base/stream.h"
#include "deployer/plan/plan.h"

namespace deployer {

// Reads no further than the descriptor. Generated values are shown as such, not made.
DeploymentPlan read_plan(base::ByteSource& source, const DeployRequest& request);

}  // namespace deployer
