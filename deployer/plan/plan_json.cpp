// SPDX-License-Identifier: Apache-2.0
// DeploymentPlan as JSON: for the deployment's record, for --plan --json, for comparing two plans.
#include "base/error.h"
#include "deployer/plan/plan.h"

namespace deployer {

namespace {

using base::Json;

constexpr const char* kHidden = "***";

Json json_of(const PlannedMachine& machine, bool hide_secrets) {
    Json disks = Json::array();
    for (const PlannedDisk& disk : machine.disks) {
        Json parents = Json::array();
        for (const PlannedLayer& parent : disk.parents) {
            parents.push_back({{"member", parent.member},
                               {"format", parent.format},
                               {"compression", parent.compression}});
        }
        disks.push_back({{"member", disk.member},
                         {"format", disk.format},
                         {"compression", disk.compression},
                         {"parents", parents},
                         {"capacity_bytes", disk.capacity_bytes},
                         {"bus", disk.bus}});
    }
    Json nics = Json::array();
    for (const PlannedNic& nic : machine.nics) {
        nics.push_back({{"network", nic.network},
                        {"mac", nic.mac},
                        {"address", nic.address},
                        {"model", nic.model}});
    }
    Json properties = Json::array();
    for (const PlannedProperty& property : machine.properties) {
        properties.push_back({{"key", property.key},
                              {"value", property.secret && hide_secrets ? kHidden : property.value},
                              {"secret", property.secret}});
    }
    return {{"name", machine.name},
            {"system", machine.system},
            {"cpus", machine.cpus},
            {"memory_bytes", machine.memory_bytes},
            {"firmware", machine.firmware},
            {"disks", disks},
            {"nics", nics},
            {"properties", properties},
            {"kernel_member", machine.kernel_member},
            {"initrd_member", machine.initrd_member},
            {"command_line", machine.command_line},
            {"ready",
             {{"kind", machine.ready.kind},
              {"target", machine.ready.target},
              {"timeout_seconds", machine.ready.timeout.count()},
              {"required", machine.ready.required}}},
            {"stop_action", machine.stop_action},
            {"stop_delay_seconds", machine.stop_delay_seconds}};
}

PlannedMachine machine_of(const Json& json) {
    PlannedMachine machine{.name = json.at("name"),
                           .system = json.at("system"),
                           .cpus = json.at("cpus"),
                           .memory_bytes = json.at("memory_bytes"),
                           .firmware = json.value("firmware", "bios")};  // absent in older plans
    for (const Json& disk : json.at("disks")) {
        machine.disks.push_back({.member = disk.at("member"),
                                 .format = disk.at("format"),
                                 .compression = disk.at("compression"),
                                 .capacity_bytes = disk.at("capacity_bytes"),
                                 .bus = disk.at("bus")});
        // Absent in plans of before.
        for (const Json& parent : disk.value("parents", Json::array())) {
            machine.disks.back().parents.push_back({.member = parent.at("member"),
                                                    .format = parent.at("format"),
                                                    .compression = parent.at("compression")});
        }
    }
    for (const Json& nic : json.at("nics")) {
        machine.nics.push_back({.network = nic.at("network"),
                                .mac = nic.at("mac"),
                                .address = nic.at("address"),
                                .model = nic.at("model")});
    }
    for (const Json& property : json.at("properties")) {
        machine.properties.push_back({.key = property.at("key"),
                                      .value = property.at("value"),
                                      .secret = property.at("secret")});
    }
    machine.kernel_member = json.at("kernel_member");
    machine.initrd_member = json.at("initrd_member");
    machine.command_line = json.at("command_line");
    const Json& ready = json.at("ready");
    machine.ready = {.kind = ready.at("kind"),
                     .target = ready.at("target"),
                     .timeout = std::chrono::seconds(ready.at("timeout_seconds").get<long>()),
                     .required = ready.at("required")};
    machine.stop_action = json.at("stop_action");
    machine.stop_delay_seconds = json.at("stop_delay_seconds");
    return machine;
}

Json json_of_plan(const DeploymentPlan& plan, bool hide_secrets) {
    Json networks = Json::array();
    for (const PlannedNetwork& network : plan.networks) {
        networks.push_back(
            {{"name", network.name}, {"subnet", network.subnet}, {"isolated", network.isolated}});
    }
    Json machines = Json::array();
    for (const PlannedMachine& machine : plan.machines) {
        machines.push_back(json_of(machine, hide_secrets));
    }
    Json waves = Json::array();
    for (const StartWave& wave : plan.waves) {
        waves.push_back(wave.machines);
    }
    Json publish = Json::array();
    for (const PlannedPublish& entry : plan.publish) {
        publish.push_back({{"name", entry.name},
                           {"machine", entry.machine},
                           {"port", entry.port},
                           {"host_port", entry.host_port},
                           {"network", entry.network},
                           {"address", entry.address}});
    }
    return {{"name", plan.name},
            {"assembly", plan.assembly},
            {"version", plan.version},
            {"configuration", plan.configuration},
            {"networks", networks},
            {"machines", machines},
            {"waves", waves},
            {"publish", publish},
            {"not_honoured", plan.not_honoured}};
}

}  // namespace

base::Json to_json(const DeploymentPlan& plan) {
    return json_of_plan(plan, false);
}

base::Json to_printable_json(const DeploymentPlan& plan) {
    return json_of_plan(plan, true);
}

DeploymentPlan plan_of_json(const base::Json& json) {
    try {
        DeploymentPlan plan{.name = json.at("name"),
                            .assembly = json.at("assembly"),
                            .version = json.at("version"),
                            .configuration = json.at("configuration")};
        for (const Json& network : json.at("networks")) {
            plan.networks.push_back({.name = network.at("name"),
                                     .subnet = network.at("subnet"),
                                     .isolated = network.at("isolated")});
        }
        for (const Json& machine : json.at("machines")) {
            plan.machines.push_back(machine_of(machine));
        }
        for (const Json& wave : json.at("waves")) {
            plan.waves.push_back({wave.get<std::vector<std::string>>()});
        }
        for (const Json& entry : json.at("publish")) {
            plan.publish.push_back({.name = entry.at("name"),
                                    .machine = entry.at("machine"),
                                    .port = entry.at("port"),
                                    .host_port = entry.at("host_port"),
                                    .network = entry.at("network"),
                                    .address = entry.at("address")});
        }
        plan.not_honoured = json.at("not_honoured").get<std::vector<std::string>>();
        return plan;
    } catch (const Json::exception& error) {
        throw base::Error(base::ErrorKind::invalid_input,
                          std::string("a stored deployment plan is damaged: ") + error.what());
    }
}

}  // namespace deployer
