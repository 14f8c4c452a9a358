// SPDX-License-Identifier: Apache-2.0
// The record of one deployment, below /deployments/NAME in the store: made when its name is
// reserved, gone when it is undeployed. Who holds the record owns the name.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "deployer/plan/plan.h"
#include "hvruntime/jobs/job.h"
#include "hvruntime/store/store.h"

namespace deployer {

enum class DeploymentState { deploying, running, stopping, stopped, starting, removing };
std::string_view to_string(DeploymentState state);

struct Deployment {
    std::string name;
    DeploymentState state = DeploymentState::deploying;
    DeploymentPlan plan;
    std::string source;     // what it was made from, for people
    std::string signed_by;  // subject of the signature, empty when unsigned
    bool signer_trusted = false;
    std::map<std::string, std::string> images;  // member of the package -> id in the image store
    std::map<std::string, std::uint16_t> published;  // name -> port on 127.0.0.1
    hvruntime::JobId job = 0;                        // that made it
    std::string instance;  // tells this deployment from an earlier one of its name
    std::int64_t created_ms = 0;
};

base::Json to_json(const Deployment& deployment);
Deployment deployment_of_json(const base::Json& json);

// Look-ups and changes in the store.
std::optional<Deployment> find_deployment(hvruntime::Store& store, const std::string& name);
Deployment require_deployment(hvruntime::Store& store,
                              const std::string& name);             // throws not_found
std::vector<Deployment> list_deployments(hvruntime::Store& store);  // by name
// Throws conflict when the name is taken.
void reserve_deployment(hvruntime::Store& store, const Deployment& deployment);
void save_deployment(hvruntime::Store& store, const Deployment& deployment);
void remove_deployment(hvruntime::Store& store, const std::string& name);

// Ids of what a deployment is made of: stable, so that a step that is run again finds what it made
// before.
std::string machine_id_of(const std::string& deployment, const std::string& machine);
std::string network_id_of(const std::string& deployment, const std::string& network);

}  // namespace deployer
