// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/port.h"
#include "base/yaml.h"
#include "deployer/plan/plan.h"
#include "deployer/plan/plan_disks.h"
#include "deployer/plan/plan_hardware.h"
#include "deployer/plan/plan_properties.h"
#include "deployer/plan/plan_startup.h"
#include "hvruntime/net/switch_spec.h"
#include "ovfkit/descriptor/envelope_queries.h"

namespace deployer {

namespace {

using base::Error;
using base::ErrorKind;

constexpr unsigned kFirstMachineAddress = 10;
constexpr std::size_t kMaxNetworks = 200;
constexpr std::uint32_t kMaxMachines =
    200;  // that many fit a /24 with the first ten addresses taken

// Beyond a DNS label: short enough that names of sockets and hosts made of it stay within their
// limits.
void check_deployment_name(const std::string& name) {
    if (name.empty() || name.size() > 40 || make_label(name) != name) {
        throw Error(
            ErrorKind::usage, fmt::format("'{}' cannot be the name of a deployment", name),
            "use 1 to 40 of a-z, 0-9 and -, for example '" + make_label(name).substr(0, 40) + "'");
    }
}

std::vector<PlannedNetwork> plan_networks(const ovfkit::Envelope& envelope) {
    if (envelope.networks.size() > kMaxNetworks) {
        throw Error(ErrorKind::unsupported,
                    fmt::format("the descriptor has {} networks, at most {} are supported",
                                envelope.networks.size(), kMaxNetworks));
    }
    std::vector<PlannedNetwork> networks;
    for (const ovfkit::Network& network : envelope.networks) {
        networks.push_back({.name = network.name,
                            .subnet = fmt::format("10.84.{}.0/24", networks.size()),
                            .isolated = ovfkit::is_isolated(envelope, network.name)});
    }
    return networks;
}

// The DNS label of each virtual system: its id when that is one already, made unique otherwise.
std::string unique_label(const ovfkit::VirtualSystem& system, std::set<std::string>& taken) {
    const std::string wanted = make_label(system.id.empty() ? system.name : system.id);
    std::string label = wanted;
    for (int i = 2; !taken.insert(label).second; ++i) {
        label = fmt::format("{}-{}", wanted, i);
    }
    return label;
}

// Addresses follow the order of the machines, so that they do not change from plan to plan.
void assign_addresses(DeploymentPlan& plan) {
    std::map<std::string, unsigned> next;
    for (PlannedMachine& machine : plan.machines) {
        for (std::size_t i = 0; i < machine.nics.size(); ++i) {
            PlannedNic& nic = machine.nics[i];
            const PlannedNetwork* network = find_network(plan, nic.network);
            const unsigned index = kFirstMachineAddress + next[nic.network]++;
            nic.address = hvruntime::make_subnet_address(network->subnet, index);
            if (nic.mac.empty()) {
                nic.mac = hvruntime::make_mac_address(
                    fmt::format("{}/{}/{}/{}", plan.assembly, machine.name, nic.network, i));
            }
        }
    }
}

std::vector<const PlannedMachine*> instances_of(const DeploymentPlan& plan,
                                                const std::string& system) {
    std::vector<const PlannedMachine*> instances;
    for (const PlannedMachine& machine : plan.machines) {
        if (machine.system == system) {
            instances.push_back(&machine);
        }
    }
    return instances;
}

PlannedPublish plan_publish(const DeploymentPlan& plan, const std::string& name,
                            const std::string& system, std::uint16_t port) {
    const auto instances = instances_of(plan, system);
    const PlannedMachine& machine =
        instances.empty() ? require_machine(plan, system) : *instances.front();
    PlannedPublish publish{.name = name, .machine = machine.name, .port = port};
    for (const PlannedNic& nic : machine.nics) {
        const bool open = !find_network(plan, nic.network)->isolated;
        // An open network is the better way in; an isolated one will do.
        if (publish.address.empty() || open) {
            publish.network = nic.network;
            publish.address = nic.address;
        }
        if (open) {
            break;
        }
    }
    if (publish.address.empty()) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("port {} of machine '{}' cannot be published: the machine is on no "
                                "network",
                                port, machine.name));
    }
    return publish;
}

// "web:80" -> {"web", 80}; nothing when it has another form.
std::optional<std::pair<std::string, std::uint16_t>> parse_machine_port(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    const auto port =
        base::find_port(colon == std::string::npos ? "" : std::string_view(text).substr(colon + 1));
    return port ? std::optional(std::pair(text.substr(0, colon), *port)) : std::nullopt;
}

void plan_publications(const ovfkit::Envelope& envelope, const DeployRequest& request,
                       DeploymentPlan& plan) {
    if (const ovfkit::AssemblySection* assembly = ovfkit::find_assembly(envelope)) {
        for (const ovfkit::Publish& entry : assembly->publish) {
            PlannedPublish publish = plan_publish(plan, entry.name, entry.machine, entry.port);
            publish.host_port = entry.host_port.value_or(0);
            plan.publish.push_back(publish);
        }
    }
    for (const auto& entry : request.host_ports) {
        const std::string& target = entry.first;
        const std::uint16_t host_port = entry.second;
        const auto named =
            std::find_if(plan.publish.begin(), plan.publish.end(), [&](const auto& publish) {
                return publish.name == target ||
                       fmt::format("{}:{}", publish.machine, publish.port) == target;
            });
        if (named != plan.publish.end()) {
            named->host_port = host_port;
        } else if (const auto machine_port = parse_machine_port(target)) {
            plan.publish.push_back(
                plan_publish(plan, target, machine_port->first, machine_port->second));
            plan.publish.back().host_port = host_port;
        } else {
            throw Error(ErrorKind::usage,
                        fmt::format("the assembly publishes no port called '{}'", target),
                        "name a published port, or write MACHINE:PORT, for example web:80");
        }
    }
}

void note_ignored_sections(const ovfkit::Envelope& envelope, DeploymentPlan& plan) {
    const auto note = [&](const std::string& owner,
                          const std::vector<ovfkit::UnknownSection>& sections) {
        for (const ovfkit::UnknownSection& section : sections) {
            plan.not_honoured.push_back(fmt::format("section '{}' of {} (line {})", section.name,
                                                    owner, section.place.line));
        }
    };
    // Understood, and nothing that a deployment on one host could follow.
    const auto ignore = [&](bool has, std::string_view section, const std::string& owner) {
        if (has) {
            plan.not_honoured.push_back(fmt::format("the {} of '{}'", section, owner));
        }
    };
    const auto nobody_accepts = [&](const std::vector<ovfkit::Eula>& eulas,
                                    const std::string& owner) {
        if (!eulas.empty()) {
            plan.not_honoured.push_back(
                fmt::format("the licence of {}: nobody is asked to accept it", owner));
        }
    };
    note("the envelope", envelope.unknown_sections);
    for (const ovfkit::Network& network : envelope.networks) {
        ignore(!network.port_profile_uris.empty(), "port profiles", network.name);
    }
    for (const ovfkit::PlacementGroup& group : envelope.placement_groups) {
        ignore(true, "PlacementGroupSection", group.id);
    }
    for (const ovfkit::VirtualSystemCollection* collection : ovfkit::all_collections(envelope)) {
        note(fmt::format("collection '{}'", collection->id), collection->unknown_sections);
        ignore(collection->resource_allocation.has_value(), "ResourceAllocationSection",
               collection->id);
        ignore(collection->placement.has_value(), "PlacementSection", collection->id);
        nobody_accepts(collection->eulas, fmt::format("collection '{}'", collection->id));
    }
    for (const ovfkit::VirtualSystem* system : ovfkit::all_systems(envelope)) {
        note(fmt::format("system '{}'", system->id), system->unknown_sections);
        ignore(system->install.has_value(), "InstallSection", system->id);
        ignore(!system->boot_configurations.empty(), "BootDeviceSection", system->id);
        ignore(!system->environment_files.empty(), "EnvironmentFilesSection", system->id);
        ignore(system->placement.has_value(), "PlacementSection", system->id);
        nobody_accepts(system->eulas, fmt::format("system '{}'", system->id));
    }
}

// Several instances of a system have the same to say.
void keep_first_of_each(std::vector<std::string>& sentences) {
    std::set<std::string> said;
    std::erase_if(sentences,
                  [&](const std::string& sentence) { return !said.insert(sentence).second; });
}

void check_configuration(const ovfkit::Envelope& envelope, const std::string& wanted) {
    std::vector<std::string> ids;
    for (const ovfkit::DeploymentConfiguration& configuration : envelope.configurations) {
        ids.push_back(configuration.id);
    }
    if (!wanted.empty() && std::find(ids.begin(), ids.end(), wanted) == ids.end()) {
        throw Error(ErrorKind::usage, fmt::format("there is no configuration '{}'", wanted),
                    ids.empty() ? "leave --configuration out: the package has none"
                                : fmt::format("choose one of: {}", fmt::join(ids, ", ")));
    }
}

}  // namespace

DeploymentPlan plan_deployment(const ovfkit::Envelope& envelope, const DeployRequest& request,
                               const std::function<std::string(std::size_t)>& generate) {
    check_configuration(envelope, request.configuration);
    const ovfkit::AssemblySection* assembly = ovfkit::find_assembly(envelope);
    DeploymentPlan plan;
    plan.assembly = make_label(assembly != nullptr ? assembly->name : envelope.name).substr(0, 40);
    plan.version = assembly != nullptr ? assembly->version : "";
    plan.name = request.name.empty() ? plan.assembly : request.name;
    check_deployment_name(plan.name);
    plan.configuration = request.configuration.empty() ? ovfkit::default_configuration(envelope)
                                                       : request.configuration;

    // Networks first: machines attach to them.
    plan.networks = plan_networks(envelope);

    // Hardware of every instance of every virtual system.
    std::set<std::string> labels;
    for (const ovfkit::VirtualSystem* system : ovfkit::all_systems(envelope)) {
        const std::uint32_t count = ovfkit::count_of(envelope, *system).initial;
        for (std::uint32_t i = 0; i < count; ++i) {
            plan.machines.push_back(plan_machine(envelope, *system, plan));
            plan.machines.back().name = unique_label(*system, labels);
            if (plan.machines.size() > kMaxMachines) {
                throw Error(ErrorKind::unsupported,
                            fmt::format("more than {} machines in one deployment", kMaxMachines));
            }
        }
    }
    if (plan.machines.empty()) {
        throw Error(ErrorKind::invalid_input, "the descriptor has no virtual system");
    }
    assign_addresses(plan);

    // Addresses are known: values that refer to them can be filled in.
    plan_properties(envelope, request, generate, plan);
    plan_capacities(envelope, plan);
    plan_startup(envelope, plan);
    plan_publications(envelope, request, plan);
    note_unused_disks(envelope, plan);
    note_ignored_sections(envelope, plan);
    keep_first_of_each(plan.not_honoured);
    return plan;
}

}  // namespace deployer
