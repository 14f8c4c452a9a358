// SPDX-License-Identifier: Apache-2.0
// When is a machine ready: its guest has set a key, a port answers, a page answers, its agent has
// said hello.
#pragma once

#include "deployer/record/deployment.h"
#include "deployer/services.h"
#include "hvruntime/jobs/job.h"

namespace deployer {

// Returns when every machine of the wave is ready. Throws timeout (naming the machine, what it
// waited for and the log), external (the machine ended meanwhile), interrupted (abort).
void wait_until_ready(Services& services, const Deployment& deployment, const StartWave& wave,
                      hvruntime::JobContext& job);

// One look, without waiting longer than a second.
bool is_ready(Services& services, const Deployment& deployment, const PlannedMachine& machine);

}  // namespace deployer
