// SPDX-License-Identifier: Apache-2.0
// The StartupSections as waves of machines that start together. Pure; part of plan_deployment().
// DSP0243 9.7.
#pragma once

#include "deployer/plan/plan.h"
#include "ovfkit/descriptor/envelope.h"

namespace deployer {

// Fills in plan.waves and, for machines without a readiness of their own, what the section says
// about waiting.
void plan_startup(const ovfkit::Envelope& envelope, DeploymentPlan& plan);

}  // namespace deployer
