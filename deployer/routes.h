// SPDX-License-Identifier: Apache-2.0
// The API's routes for deployments, machines and uploads. Table in deployer/README.md.
#pragma once

#include <string>

#include "deployer/record/deployment.h"
#include "deployer/services.h"
#include "hvruntime/api/http_server.h"
#include "hvruntime/jobs/job_engine.h"

namespace deployer {

// Both must outlive the server.
void add_deployment_routes(hvruntime::HttpServer& server, Services& services,
                           hvruntime::JobEngine& jobs);

// "deployment guestbook": what jobs on one deployment lock.
std::string deployment_lock(const std::string& name);
// The machine of a deployment, for routes that take both names. Throws not_found.
std::string resolve_machine(Services& services, const std::string& deployment,
                            const std::string& machine);

// The deployment with what its machines do now; no secrets.
base::Json describe_deployment(Services& services, const Deployment& deployment);

}  // namespace deployer
