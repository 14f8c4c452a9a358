// SPDX-License-Identifier: Apache-2.0
#include "deployer/routes.h"

#include <fmt/format.h>

#include "base/error.h"
#include "deployer/jobs/copy_job.h"
#include "deployer/jobs/lifecycle_jobs.h"
#include "deployer/jobs/machine_steps.h"
#include "hvruntime/api/job_routes.h"

namespace deployer {

namespace {

using base::Error;
using base::ErrorKind;
using base::Json;
using hvruntime::Reply;
using hvruntime::Request;

// What muster-guest says of itself that is wrong: guest_channel.md. Strangers' words.
Json problems_of(Services& services, const std::string& id) {
    Json problems = Json::array();
    for (const char* key : {"muster.configure.error", "muster.config.error"}) {
        if (const auto entry = services.channels.get(id, key)) {
            problems.push_back({{"key", key}, {"text", entry->value}});
        }
    }
    return problems;
}

Json describe_machine(Services& services, const Deployment& deployment,
                      const PlannedMachine& machine) {
    const std::string id = machine_id_of(deployment.name, machine.name);
    Json object{{"name", machine.name}, {"id", id}, {"state", "absent"}};
    if (const auto status = services.machines.find_status(id)) {
        object = to_json(*status);
    }
    const hvruntime::GuestState guest = services.channels.state(id);
    object["guest"] = {{"connected", guest.connected},
                       {"agent_version", guest.agent_version},
                       {"problems", problems_of(services, id)}};
    object["cpus"] = machine.cpus;
    object["memory_bytes"] = machine.memory_bytes;
    Json addresses = Json::object();
    for (const PlannedNic& nic : machine.nics) {
        addresses[nic.network] = nic.address;
    }
    object["addresses"] = addresses;
    return object;
}

Deployment require_made(Services& services, const std::string& name) {
    Deployment deployment = require_deployment(services.store, name);
    if (deployment.state == DeploymentState::deploying) {
        throw Error(
            ErrorKind::conflict,
            fmt::format("deployment '{}' is being made by job {}", name, deployment.job),
            fmt::format("wait for it, or undo it with 'muster job abort {}'", deployment.job));
    }
    return deployment;
}

Reply submit_lifecycle(hvruntime::JobEngine& jobs, Services& services, const Request& request,
                       const std::string& kind, const std::string& title) {
    const std::string& name = request.param("name");
    const Deployment deployment = require_made(services, name);
    return hvruntime::accepted_job(jobs.submit({.kind = kind,
                                                .params = lifecycle_params(deployment),
                                                .asked_by = request.asked_by(),
                                                .title = title + " " + name,
                                                .locks = {deployment_lock(name)}}));
}

Reply submit_copy(hvruntime::JobEngine& jobs, Services& services, const Request& request) {
    const std::string& name = request.param("name");
    return hvruntime::accepted_job(
        jobs.submit({.kind = "copy",
                     .params = copy_params(require_made(services, name), request.json()),
                     .asked_by = request.asked_by(),
                     .title = "copy disks of " + name,
                     .locks = {deployment_lock(name)}}));
}

Reply submit_deploy(hvruntime::JobEngine& jobs, const Request& request) {
    const Json params = request.json();
    if (!params.contains("source") || !params.at("source").is_object()) {
        throw Error(ErrorKind::usage, "the request names no source");
    }
    const std::string name = base::string_or(params, "name", "");
    const std::string source = base::string_or(params.at("source"), "name", "package");
    return hvruntime::accepted_job(jobs.submit(
        {.kind = "deploy",
         .params = params,
         .asked_by = request.asked_by(),
         .title = "up " + source,
         .locks = name.empty() ? std::vector<std::string>{} : std::vector{deployment_lock(name)}}));
}

}  // namespace

std::string deployment_lock(const std::string& name) {
    return "deployment " + name;
}

std::string resolve_machine(Services& services, const std::string& deployment,
                            const std::string& machine) {
    const Deployment record = require_deployment(services.store, deployment);
    return machine_id_of(deployment, require_machine(record.plan, machine).name);
}

Json describe_deployment(Services& services, const Deployment& deployment) {
    Json machines = Json::array();
    for (const PlannedMachine& machine : deployment.plan.machines) {
        machines.push_back(describe_machine(services, deployment, machine));
    }
    Json networks = Json::array();
    for (const PlannedNetwork& network : deployment.plan.networks) {
        const auto status = services.switches.find(network_id_of(deployment.name, network.name));
        networks.push_back({{"name", network.name},
                            {"subnet", network.subnet},
                            {"isolated", network.isolated},
                            {"running", status && status->running}});
    }
    return {{"name", deployment.name},
            {"state", to_string(deployment.state)},
            {"assembly", deployment.plan.assembly},
            {"version", deployment.plan.version},
            {"source", deployment.source},
            {"signed_by", deployment.signed_by},
            {"signer_trusted", deployment.signer_trusted},
            {"job", deployment.job},
            {"created_ms", deployment.created_ms},
            {"urls", published_urls(deployment)},
            {"networks", networks},
            {"machines", machines},
            {"not_honoured", deployment.plan.not_honoured}};
}

void add_deployment_routes(hvruntime::HttpServer& server, Services& services,
                           hvruntime::JobEngine& jobs) {
    server.route("GET", "/v1/deployments", [&services](const Request&) {
        Json list = Json::array();
        for (const Deployment& deployment : list_deployments(services.store)) {
            list.push_back(describe_deployment(services, deployment));
        }
        return Reply{.body = list};
    });
    server.route("POST", "/v1/deployments",
                 [&jobs](const Request& request) { return submit_deploy(jobs, request); });
    server.route("GET", "/v1/deployments/{name}", [&services](const Request& request) {
        return Reply{.body = describe_deployment(
                         services, require_deployment(services.store, request.param("name")))};
    });
    server.route("GET", "/v1/deployments/{name}/plan", [&services](const Request& request) {
        return Reply{.body = to_printable_json(
                         require_deployment(services.store, request.param("name")).plan)};
    });
    server.route("DELETE", "/v1/deployments/{name}", [&](const Request& request) {
        return submit_lifecycle(jobs, services, request, "undeploy", "down");
    });
    server.route("POST", "/v1/deployments/{name}/stop", [&](const Request& request) {
        return submit_lifecycle(jobs, services, request, "stop", "stop");
    });
    server.route("POST", "/v1/deployments/{name}/start", [&](const Request& request) {
        return submit_lifecycle(jobs, services, request, "start", "start");
    });
    server.route("POST", "/v1/deployments/{name}/copies",
                 [&](const Request& request) { return submit_copy(jobs, services, request); });
    server.route_upload("POST", "/v1/uploads/{token}", [&services](const Request& request) {
        services.uploads.feed(request.param("token"), *request.upload);
        return Reply{};
    });
    server.route("GET", "/v1/machines", [&services](const Request&) {
        Json list = Json::array();
        for (const hvruntime::MachineStatus& status : services.machines.list()) {
            list.push_back(to_json(status));
        }
        return Reply{.body = list};
    });
    server.route("GET", "/v1/machines/{id}", [&services](const Request& request) {
        return Reply{.body = to_json(services.machines.status(request.param("id")))};
    });
}

}  // namespace deployer
