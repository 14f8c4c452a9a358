// SPDX-License-Identifier: Apache-2.0
// The plan of a package, from its descriptor alone: for `muster up --plan`. Nothing is stored.
#pragma once

#include "base/stream.h"
#include "deployer/plan/plan.h"
#include "ovfkit/package/package_reader.h"

namespace deployer {

// Reads no further than the descriptor; when the policy wants trust, as far as the signature, and
// throws when nobody trusted made it. Generated values are shown as such, not made.
DeploymentPlan read_plan(base::ByteSource& source, const DeployRequest& request,
                         const ovfkit::VerifyPolicy& policy);

}  // namespace deployer
