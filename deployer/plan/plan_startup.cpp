// SPDX-License-Identifier: Apache-2.0
#include "deployer/plan/plan_startup.h"

#include <algorithm>
#include <limits>
#include <map>

#include <fmt/format.h>

#include "ovfkit/descriptor/envelope_queries.h"

namespace deployer {

namespace {

constexpr std::chrono::seconds kGuestTimeout{300};

// The ids of virtual systems that start together.
using SystemWave = std::vector<std::string>;

const ovfkit::StartupItem* find_item(const ovfkit::VirtualSystemCollection& collection,
                                     const std::string& id) {
    for (const ovfkit::StartupItem& item : collection.startup) {
        if (item.id == id) {
            return &item;
        }
    }
    return nullptr;
}

// What the section says about one system, where the machine's own readiness says nothing.
void apply_item(const ovfkit::StartupItem& item, DeploymentPlan& plan) {
    for (PlannedMachine& machine : plan.machines) {
        if (machine.system != item.id) {
            continue;
        }
        machine.stop_action = item.stop_action;
        machine.stop_delay_seconds = item.stop_delay_seconds;
        if (machine.ready.kind != "none") {
            continue;
        }
        const std::chrono::seconds delay(item.start_delay_seconds);
        if (item.waiting_for_guest) {
            machine.ready = {.kind = "guest",
                             .timeout = delay.count() > 0 ? delay : kGuestTimeout,
                             .required = delay.count() == 0};
        } else if (delay.count() > 0) {
            machine.ready = {.kind = "delay", .timeout = delay, .required = false};
        }
    }
}

std::vector<SystemWave> waves_of(const ovfkit::Content& content, DeploymentPlan& plan);

std::vector<SystemWave> waves_of_collection(const ovfkit::VirtualSystemCollection& collection,
                                            DeploymentPlan& plan) {
    // Order 0 and what is not listed waits for nobody and nobody waits for it: it comes last.
    constexpr std::uint32_t kLast = std::numeric_limits<std::uint32_t>::max();
    std::map<std::uint32_t, std::vector<const ovfkit::Content*>> by_order;
    for (const ovfkit::Content& member : collection.members) {
        const std::string& id = std::visit(
            [](const auto& entry) -> const auto& { return entry.id; }, member);
        const ovfkit::StartupItem* item = find_item(collection, id);
        if (item != nullptr) {
            apply_item(*item, plan);
            if (item->start_action == "none") {
                plan.not_honoured.push_back(
                    fmt::format("'{}' is not started: its start action is none", id));
                continue;
            }
        }
        by_order[item != nullptr && item->order > 0 ? item->order : kLast].push_back(&member);
    }
    std::vector<SystemWave> waves;
    for (const auto& [order, members] : by_order) {
        // Collections inside one order run side by side: their n-th waves are joined.
        std::vector<SystemWave> joined;
        for (const ovfkit::Content* member : members) {
            const std::vector<SystemWave> inner = waves_of(*member, plan);
            joined.resize(std::max(joined.size(), inner.size()));
            for (std::size_t i = 0; i < inner.size(); ++i) {
                joined[i].insert(joined[i].end(), inner[i].begin(), inner[i].end());
            }
        }
        waves.insert(waves.end(), joined.begin(), joined.end());
    }
    return waves;
}

// The depth is that of the XML, which its reader bounds.
std::vector<SystemWave> waves_of(const ovfkit::Content& content, DeploymentPlan& plan) {
    if (const auto* system = std::get_if<ovfkit::VirtualSystem>(&content)) {
        return {{system->id}};
    }
    return waves_of_collection(std::get<ovfkit::VirtualSystemCollection>(content), plan);
}

}  // namespace

void plan_startup(const ovfkit::Envelope& envelope, DeploymentPlan& plan) {
    if (!envelope.content) {
        return;
    }
    for (const SystemWave& systems : waves_of(*envelope.content, plan)) {
        StartWave wave;
        for (const PlannedMachine& machine : plan.machines) {
            if (std::find(systems.begin(), systems.end(), machine.system) != systems.end()) {
                wave.machines.push_back(machine.name);
            }
        }
        if (!wave.machines.empty()) {
            plan.waves.push_back(wave);
        }
    }
}

}  // namespace deployer
