// SPDX-License-Identifier: Apache-2.0
#include "deployer/jobs/readiness.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/file.h"
#include "base/port.h"

namespace deployer {

namespace {

using base::Error;
using base::ErrorKind;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kProbeLimit{1000};

// ":8080/health", "8080", "8080/health": port and path.
std::pair<std::uint16_t, std::string> parse_probe_target(const std::string& target) {
    std::string text = target.starts_with(':') ? target.substr(1) : target;
    const std::size_t slash = text.find('/');
    const std::optional<std::uint16_t> port = base::find_port(text.substr(0, slash));
    if (!port) {
        throw Error(ErrorKind::invalid_input, fmt::format("'{}' is not a port to wait for", target),
                    "write 5432, or :8080/health");
    }
    return {*port, slash == std::string::npos ? "/" : text.substr(slash)};
}

bool probe_http(Services& services, const std::string& network, const PlannedNic& nic,
                const std::string& target) {
    const auto [port, path] = parse_probe_target(target);
    try {
        const auto response =
            services.switches.http_get_through(network, nic.address, port, path, kProbeLimit);
        return response.status >= 200 && response.status < 400;
    } catch (const Error& error) {
        // Nobody answers yet: that is what is being waited for.
        if (error.kind() != ErrorKind::timeout && error.kind() != ErrorKind::environment) {
            throw;
        }
        return false;
    }
}

std::string describe(const PlannedReadiness& ready) {
    if (ready.kind == "key") {
        return fmt::format("its key '{}'", ready.target);
    }
    if (ready.kind == "guest") {
        return "its guest agent";
    }
    return fmt::format("{} {}", ready.kind, ready.target);
}

void require_alive(Services& services, const Deployment& deployment,
                   const PlannedMachine& machine) {
    const auto status = services.machines.status(machine_id_of(deployment.name, machine.name));
    if (status.state == hvruntime::MachineState::running ||
        status.state == hvruntime::MachineState::starting) {
        return;
    }
    throw Error(ErrorKind::external,
                fmt::format("machine '{}' ended before it was ready ({})", machine.name,
                            status.exit ? status.exit->reason : "unknown reason"),
                "look at the end of its console log");
}

}  // namespace

bool is_ready(Services& services, const Deployment& deployment, const PlannedMachine& machine) {
    const std::string id = machine_id_of(deployment.name, machine.name);
    const PlannedReadiness& ready = machine.ready;
    if (ready.kind == "key") {
        const auto entry = services.channels.get(id, ready.target);
        return entry && entry->owner == hvruntime::Side::guest;
    }
    if (ready.kind == "guest") {
        return services.channels.state(id).connected;
    }
    if (ready.kind == "tcp" || ready.kind == "http") {
        if (machine.nics.empty()) {
            throw Error(ErrorKind::invalid_input,
                        fmt::format("machine '{}' has no network to be asked over", machine.name));
        }
        const PlannedNic& nic = machine.nics.front();
        const std::string network = network_id_of(deployment.name, nic.network);
        if (ready.kind == "http") {
            return probe_http(services, network, nic, ready.target);
        }
        return services.switches.probe_tcp(network, nic.address,
                                           parse_probe_target(ready.target).first,
                                           kProbeLimit) == hvruntime::TcpPortState::open;
    }
    return ready.kind == "none";
}

void wait_until_ready(Services& services, const Deployment& deployment, const StartWave& wave,
                      hvruntime::JobContext& job) {
    const auto start = Clock::now();
    std::vector<std::string> waiting = wave.machines;
    while (true) {
        for (auto name = waiting.begin(); name != waiting.end();) {
            const PlannedMachine& machine = require_machine(deployment.plan, *name);
            require_alive(services, deployment, machine);
            if (is_ready(services, deployment, machine)) {
                job.log(fmt::format("{} is ready after {:.1f} s", machine.name,
                                    std::chrono::duration<double>(Clock::now() - start).count()));
                name = waiting.erase(name);
                continue;
            }
            if (Clock::now() - start > machine.ready.timeout) {
                if (machine.ready.required) {
                    throw Error(ErrorKind::timeout,
                                fmt::format("machine '{}' was not ready within {} s: waited for {}",
                                            machine.name, machine.ready.timeout.count(),
                                            describe(machine.ready)),
                                "look at the end of its console log");
                }
                name = waiting.erase(name);
                continue;
            }
            ++name;
        }
        job.progress(
            wave.machines.size() - waiting.size(), wave.machines.size(),
            waiting.empty() ? "" : fmt::format("waiting for {}", fmt::join(waiting, ", ")));
        if (waiting.empty()) {
            return;
        }
        job.pause(std::chrono::milliseconds(50));
    }
}

}  // namespace deployer
