// SPDX-License-Identifier: Apache-2.0
// Stop, start and removal of a deployment as jobs. Their steps follow from the parameters alone:
// the deployment's name, and its plan, which does not change while the deployment lives.
#pragma once

#include "base/json.h"
#include "deployer/record/deployment.h"
#include "deployer/services.h"
#include "hvruntime/jobs/job.h"

namespace deployer {

base::Json lifecycle_params(const Deployment& deployment);

hvruntime::JobKind stop_kind(
    Services& services);  // guests shut down, in reverse start order; networks end
hvruntime::JobKind start_kind(Services& services);  // networks, ports, waves, as at the first start
hvruntime::JobKind undeploy_kind(
    Services& services);  // everything goes, disks too; cannot be undone

}  // namespace deployer
