// SPDX-License-Identifier: Apache-2.0
// The disks of a virtual system as disks of a machine of ours. Pure; part of plan_deployment().
#pragma once

#include "deployer/plan/plan.h"
#include "ovfkit/descriptor/envelope.h"

namespace deployer {

// Each with its content, its bus, and its capacity where the descriptor says it. What has no effect
// is noted in plan.not_honoured.
void plan_disks(const ovfkit::Envelope& envelope, const ovfkit::VirtualSystem& system,
                PlannedMachine& machine, DeploymentPlan& plan);

// Disks of the descriptor that no machine has in this configuration go into plan.not_honoured.
void note_unused_disks(const ovfkit::Envelope& envelope, DeploymentPlan& plan);

// Capacities that are values of properties ("${size}"), which are known by now. DSP0243 9.1.
void plan_capacities(const ovfkit::Envelope& envelope, DeploymentPlan& plan);

}  // namespace deployer
