// SPDX-License-Identifier: Apache-2.0
// The values of all properties of a deployment: what the user set, what refers to other machines,
// what is generated, what the descriptor says. Pure; part of plan_deployment(). DSP0243 9.5.
#pragma once

#include <functional>
#include <string>

#include "deployer/plan/plan.h"
#include "ovfkit/descriptor/envelope.h"

namespace deployer {

// Fills in the properties of plan.machines, whose addresses are known. Errors: usage for what the
// user got wrong, invalid_input for values that refer to each other in a circle or to nothing.
void plan_properties(const ovfkit::Envelope& envelope, const DeployRequest& request,
                     const std::function<std::string(std::size_t)>& generate, DeploymentPlan& plan);

}  // namespace deployer
