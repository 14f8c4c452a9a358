// SPDX-License-Identifier: Apache-2.0
#include "deployer/plan/plan.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "base/error.h"

namespace deployer {

const PlannedMachine& require_machine(const DeploymentPlan& plan, std::string_view name) {
    for (const PlannedMachine& machine : plan.machines) {
        if (machine.name == name) {
            return machine;
        }
    }
    std::vector<std::string> names;
    for (const PlannedMachine& machine : plan.machines) {
        names.push_back(machine.name);
    }
    throw base::Error(base::ErrorKind::not_found,
                      fmt::format("deployment '{}' has no machine '{}'", plan.name, name),
                      fmt::format("its machines: {}", fmt::join(names, ", ")));
}

const PlannedNetwork* find_network(const DeploymentPlan& plan, std::string_view name) {
    for (const PlannedNetwork& network : plan.networks) {
        if (network.name == name) {
            return &network;
        }
    }
    return nullptr;
}

std::string make_label(std::string_view name) {
    std::string label;
    for (const char c : name) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80 && std::isalnum(byte) != 0) {
            label += static_cast<char>(std::tolower(byte));
        } else if (!label.empty() && label.back() != '-') {
            label += '-';
        }
    }
    label.resize(std::min<std::size_t>(label.size(), 63));
    while (!label.empty() && label.back() == '-') {
        label.pop_back();
    }
    return label.empty() ? "machine" : label;
}

namespace {

std::string describe_machine(const PlannedMachine& machine) {
    std::string text =
        fmt::format("  {}: {} CPU{}, {} MiB, {}\n", machine.name, machine.cpus,
                    machine.cpus == 1 ? "" : "s", machine.memory_bytes >> 20U,
                    machine.kernel_member.empty() ? "boots from disk" : "direct kernel boot");
    for (const PlannedDisk& disk : machine.disks) {
        text +=
            fmt::format("    disk {} ({} MiB, {})", disk.member.empty() ? "(blank)" : disk.member,
                        disk.capacity_bytes >> 20U, disk.bus);
        for (const PlannedLayer& parent : disk.parents) {
            text += fmt::format(", a delta of {}", parent.member);
        }
        text += "\n";
    }
    for (const PlannedNic& nic : machine.nics) {
        text +=
            fmt::format("    nic  {} {} {} ({})\n", nic.network, nic.address, nic.mac, nic.model);
    }
    for (const PlannedProperty& property : machine.properties) {
        text += fmt::format("    set  {} = {}\n", property.key,
                            property.secret ? "***" : property.value);
    }
    if (machine.ready.kind != "none") {
        text += fmt::format("    ready when {} {} within {} s\n", machine.ready.kind,
                            machine.ready.target, machine.ready.timeout.count());
    }
    return text;
}

}  // namespace

std::string describe_plan(const DeploymentPlan& plan) {
    std::string text =
        fmt::format("deployment {} of {} {}\n", plan.name, plan.assembly, plan.version);
    text += "networks (rootless: one user-space switch each)\n";
    for (const PlannedNetwork& network : plan.networks) {
        text += fmt::format("  {} {}{}\n", network.name, network.subnet,
                            network.isolated ? ", isolated" : "");
    }
    text += "machines\n";
    for (const PlannedMachine& machine : plan.machines) {
        text += describe_machine(machine);
    }
    text += "start order\n";
    for (std::size_t i = 0; i < plan.waves.size(); ++i) {
        text += fmt::format("  {}. {}\n", i + 1, fmt::join(plan.waves[i].machines, ", "));
    }
    for (const PlannedPublish& publish : plan.publish) {
        text +=
            fmt::format("publish {}: 127.0.0.1:{} -> {}:{}\n", publish.name,
                        publish.host_port == 0 ? "(free port)" : std::to_string(publish.host_port),
                        publish.machine, publish.port);
    }
    for (const std::string& sentence : plan.not_honoured) {
        text += fmt::format("not honoured: {}\n", sentence);
    }
    return text;
}

}  // namespace deployer
