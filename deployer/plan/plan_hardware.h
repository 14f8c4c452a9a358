// SPDX-License-Identifier: Apache-2.0
// The virtual hardware of one virtual system as a machine of ours. Pure; part of plan_deployment().
#pragma once

#include "deployer/plan/plan.h"
#include "ovfkit/descriptor/envelope.h"

namespace deployer {

// All but name, addresses and properties. What has no effect is noted in plan.not_honoured.
PlannedMachine plan_machine(const ovfkit::Envelope& envelope, const ovfkit::VirtualSystem& system,
                            DeploymentPlan& plan);

}  // namespace deployer
