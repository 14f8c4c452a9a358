// SPDX-License-Identifier: Apache-2.0
#include "deployer/record/deployment.h"

#include <array>

#include <fmt/format.h>

#include "base/error.h"
#include "hvruntime/machine/machine_spec.h"

namespace deployer {

namespace {

constexpr std::string_view kPrefix = "/deployments/";

constexpr std::array<std::pair<DeploymentState, std::string_view>, 6> kStates{
    {{DeploymentState::deploying, "deploying"},
     {DeploymentState::running, "running"},
     {DeploymentState::stopping, "stopping"},
     {DeploymentState::stopped, "stopped"},
     {DeploymentState::starting, "starting"},
     {DeploymentState::removing, "removing"}}};

DeploymentState state_of(const std::string& name) {
    for (const auto& [state, candidate] : kStates) {
        if (candidate == name) {
            return state;
        }
    }
    throw base::Error(base::ErrorKind::invalid_input,
                      fmt::format("a stored deployment has the unknown state '{}'", name));
}

std::string key_of(const std::string& name) {
    return std::string(kPrefix) + name;
}

}  // namespace

std::string_view to_string(DeploymentState state) {
    for (const auto& [candidate, name] : kStates) {
        if (candidate == state) {
            return name;
        }
    }
    base::unreachable("deployment state without a name");
}

base::Json to_json(const Deployment& deployment) {
    return {{"name", deployment.name},
            {"state", to_string(deployment.state)},
            {"plan", to_json(deployment.plan)},
            {"source", deployment.source},
            {"signed_by", deployment.signed_by},
            {"signer_trusted", deployment.signer_trusted},
            {"images", deployment.images},
            {"published", deployment.published},
            {"job", deployment.job},
            {"instance", deployment.instance},
            {"created_ms", deployment.created_ms}};
}

Deployment deployment_of_json(const base::Json& json) {
    try {
        return {.name = json.at("name"),
                .state = state_of(json.at("state")),
                .plan = plan_of_json(json.at("plan")),
                .source = json.at("source"),
                .signed_by = json.at("signed_by"),
                .signer_trusted = json.at("signer_trusted"),
                .images = json.at("images").get<std::map<std::string, std::string>>(),
                .published = json.at("published").get<std::map<std::string, std::uint16_t>>(),
                .job = json.at("job"),
                .instance = json.at("instance"),
                .created_ms = json.at("created_ms")};
    } catch (const base::Json::exception& error) {
        throw base::Error(base::ErrorKind::invalid_input,
                          std::string("a stored deployment is damaged: ") + error.what());
    }
}

std::optional<Deployment> find_deployment(hvruntime::Store& store, const std::string& name) {
    const auto entry = store.find(key_of(name));
    if (!entry) {
        return std::nullopt;
    }
    return deployment_of_json(base::parse_json(entry->value, key_of(name)));
}

Deployment require_deployment(hvruntime::Store& store, const std::string& name) {
    auto deployment = find_deployment(store, name);
    if (!deployment) {
        throw base::Error(base::ErrorKind::not_found,
                          fmt::format("there is no deployment '{}'", name), "see 'muster ps'");
    }
    return std::move(*deployment);
}

std::vector<Deployment> list_deployments(hvruntime::Store& store) {
    std::vector<Deployment> deployments;
    for (const hvruntime::Entry& entry : store.range(kPrefix).entries) {
        deployments.push_back(deployment_of_json(base::parse_json(entry.value, entry.key)));
    }
    return deployments;
}

void reserve_deployment(hvruntime::Store& store, const Deployment& deployment) {
    const hvruntime::Transaction reservation{
        .compares = {hvruntime::Compare::absent(key_of(deployment.name))},
        .puts = {{key_of(deployment.name), base::to_json_text(to_json(deployment))}}};
    if (!store.commit(reservation)) {
        throw base::Error(base::ErrorKind::conflict,
                          fmt::format("there is a deployment '{}' already", deployment.name),
                          "choose another name with --name, or remove it with 'muster down " +
                              deployment.name + "'");
    }
}

void save_deployment(hvruntime::Store& store, const Deployment& deployment) {
    store.commit({.puts = {{key_of(deployment.name), base::to_json_text(to_json(deployment))}}});
}

void remove_deployment(hvruntime::Store& store, const std::string& name) {
    store.commit({.deletes = {key_of(name)}});
}

std::string machine_id_of(const std::string& deployment, const std::string& machine) {
    return hvruntime::make_machine_id(deployment, machine);
}

std::string network_id_of(const std::string& deployment, const std::string& network) {
    return "n" + hvruntime::make_machine_id(deployment, "network " + network);
}

}  // namespace deployer
