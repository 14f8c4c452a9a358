// SPDX-License-Identifier: Apache-2.0
#include "deployer/jobs/lifecycle_jobs.h"

#include "deployer/jobs/machine_steps.h"

namespace deployer {

namespace {

using base::Json;
using hvruntime::JobContext;
using hvruntime::JobKind;
using hvruntime::JobStep;
using hvruntime::Recovery;

std::vector<JobStep> stop_steps(Services& services, const Json& params) {
    const std::string name = base::require_string(params, "name");
    const DeploymentPlan plan = plan_of_json(params.at("plan"));
    std::vector<JobStep> steps;
    steps.push_back(
        set_state_step(services, name, DeploymentState::stopping, DeploymentState::running));
    for (std::size_t i = plan.waves.size(); i > 0; --i) {
        steps.push_back(stop_wave_step(services, name, plan.waves[i - 1], i));
    }
    steps.push_back({.name = "stop networks",
                     .run =
                         [&services, name](JobContext&) {
                             const Deployment deployment = require_deployment(services.store, name);
                             kill_machines(services, deployment);  // those that no wave names
                             stop_networks(services, deployment);
                         },
                     .undo = {}});
    steps.push_back(
        set_state_step(services, name, DeploymentState::stopped, DeploymentState::stopping));
    return steps;
}

std::vector<JobStep> start_steps(Services& services, const Json& params) {
    const std::string name = base::require_string(params, "name");
    const DeploymentPlan plan = plan_of_json(params.at("plan"));
    std::vector<JobStep> steps;
    steps.push_back(
        set_state_step(services, name, DeploymentState::starting, DeploymentState::stopped));
    for (const PlannedNetwork& network : plan.networks) {
        steps.push_back(network_step(services, name, network));
    }
    steps.push_back(publish_step(services, name));
    for (std::size_t i = 0; i < plan.waves.size(); ++i) {
        steps.push_back(start_wave_step(services, name, plan.waves[i], i + 1));
    }
    steps.push_back(
        set_state_step(services, name, DeploymentState::running, DeploymentState::starting));
    return steps;
}

void forget(Services& services, const std::string& name) {
    if (const auto deployment = find_deployment(services.store, name)) {
        for (const auto& [member, image] : deployment->images) {
            services.images.drop_reference(image, image_holder(name));
        }
        remove_unused_images(services);
        remove_deployment(services.store, name);
    }
}

// Each part copes with a deployment that is half gone already.
std::vector<JobStep> undeploy_steps(Services& services, const Json& params) {
    const std::string name = base::require_string(params, "name");
    const auto with_deployment = [&services, name](auto action) {
        return [&services, name, action](JobContext&) {
            if (const auto deployment = find_deployment(services.store, name)) {
                action(services, *deployment);
            }
        };
    };
    return {set_state_step(services, name, DeploymentState::removing),
            {.name = "stop machines", .run = with_deployment(kill_machines), .undo = {}},
            {.name = "remove machines", .run = with_deployment(remove_machines), .undo = {}},
            {.name = "remove networks", .run = with_deployment(stop_networks), .undo = {}},
            {.name = "forget",
             .run = [&services, name](JobContext&) { forget(services, name); },
             .undo = {}}};
}

template <typename StepsOf>
JobKind kind_of(Services& services, const char* name, StepsOf steps_of) {
    return {.name = name,
            .steps = [&services, steps_of](
                         const Json& params,
                         const Json& /*state*/) { return steps_of(services, params); },
            .recovery = Recovery::resume};
}

}  // namespace

Json lifecycle_params(const Deployment& deployment) {
    return {{"name", deployment.name}, {"plan", to_json(deployment.plan)}};
}

JobKind stop_kind(Services& services) {
    return kind_of(services, "stop", stop_steps);
}

JobKind start_kind(Services& services) {
    return kind_of(services, "start", start_steps);
}

JobKind undeploy_kind(Services& services) {
    return kind_of(services, "undeploy", undeploy_steps);
}

}  // namespace deployer
