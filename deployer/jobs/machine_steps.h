// SPDX-License-Identifier: Apache-2.0
// The steps that the deployer's jobs are put together from: networks, machines, start waves. Each
// can be repeated, and each undo copes with a step that ran wholly, partly or not at all. They find
// the deployment in the store by the name that the job works on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "deployer/record/deployment.h"
#include "deployer/services.h"
#include "hvruntime/jobs/job.h"

namespace deployer {

hvruntime::JobStep network_step(Services& services, const std::string& deployment,
                                const PlannedNetwork& network);
// Ports on 127.0.0.1; those chosen freely are kept in the deployment's record.
hvruntime::JobStep publish_step(Services& services, const std::string& deployment);
hvruntime::JobStep machine_step(Services& services, const std::string& deployment,
                                const std::string& machine);
hvruntime::JobStep start_wave_step(Services& services, const std::string& deployment,
                                   const StartWave& wave, std::size_t number);
hvruntime::JobStep stop_wave_step(Services& services, const std::string& deployment,
                                  const StartWave& wave, std::size_t number);
// `before`: what undoing goes back to; without it there is no way back.
hvruntime::JobStep set_state_step(Services& services, const std::string& deployment,
                                  DeploymentState state,
                                  std::optional<DeploymentState> before = std::nullopt);

// All that runs of a deployment is ended and all that it consists of removed, but for its record.
// Repeatable.
void kill_machines(Services& services, const Deployment& deployment);
void remove_machines(Services& services, const Deployment& deployment);
void stop_networks(Services& services, const Deployment& deployment);

// "127.0.0.1:8080" forms for people: {"http": "http://127.0.0.1:8080/"}.
base::Json published_urls(const Deployment& deployment);

}  // namespace deployer
