// SPDX-License-Identifier: Apache-2.0
#include "deployer/jobs/machine_steps.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/file.h"
#include "deployer/jobs/readiness.h"
#include "deployer/jobs/specs.h"

namespace deployer {

namespace {

using hvruntime::JobContext;
using hvruntime::JobStep;

constexpr std::chrono::seconds kShutdownGrace{60};
constexpr std::uint16_t kFirstFreePort = 8080;
constexpr std::uint16_t kFreePorts = 200;

std::map<std::string, ImagePaths> image_paths(Services& services, const Deployment& deployment) {
    std::map<std::string, ImagePaths> paths;
    for (const auto& [member, id] : deployment.images) {
        const hvruntime::ImageRecord record = services.images.require(id);
        paths[member] = {.disk = services.images.disk_path(record),
                         .kernel = services.images.kernel_path(record),
                         .initrd = services.images.initrd_path(record)};
    }
    return paths;
}

std::map<std::string, hvruntime::SwitchPort> switch_ports(Services& services,
                                                          const Deployment& deployment) {
    std::map<std::string, hvruntime::SwitchPort> ports;
    for (const PlannedNetwork& network : deployment.plan.networks) {
        const auto status = services.switches.find(network_id_of(deployment.name, network.name));
        if (status) {
            for (const hvruntime::SwitchPort& port : status->spec.ports) {
                ports[port.mac] = port;
            }
        }
    }
    return ports;
}

// A port that the user did not choose: 8080 and following, so that it is easy to remember and to
// find again.
std::uint16_t publish_one(Services& services, const Deployment& deployment,
                          const PlannedPublish& publish) {
    hvruntime::PublishedPort port{.guest_ip = publish.address, .guest_port = publish.port};
    const std::string network = network_id_of(deployment.name, publish.network);
    const auto again = deployment.published.find(publish.name);
    port.host_port = again != deployment.published.end() ? again->second : publish.host_port;
    if (port.host_port != 0) {
        return services.switches.publish(network, port);
    }
    for (std::uint16_t i = 0; i < kFreePorts; ++i) {
        try {
            port.host_port = static_cast<std::uint16_t>(kFirstFreePort + i);
            return services.switches.publish(network, port);
        } catch (const base::Error& error) {
            if (error.kind() != base::ErrorKind::conflict) {
                throw;
            }
        }
    }
    port.host_port = 0;
    return services.switches.publish(network, port);
}

void start_machine(Services& services, const Deployment& deployment,
                   const PlannedMachine& machine) {
    const std::string id = machine_id_of(deployment.name, machine.name);
    if (services.machines.status(id).state == hvruntime::MachineState::stopped ||
        services.machines.status(id).state == hvruntime::MachineState::crashed) {
        // "ready" said by the boot before is not true any more.
        services.channels.drop_guest_keys(id);
    }
    services.machines.start(id);
    services.channels.attach(id, services.machines.paths(id).guest_socket().string());
}

void kill_machine(Services& services, const std::string& id) {
    services.channels.detach(id);
    if (services.machines.find_status(id)) {
        services.machines.kill(id);
    }
}

// What a machine said before it is removed: the one thing that helps to find out why it did not
// come up. Returns a sentence about it, for the hint of the error that is on its way: that one must
// not be lost to another.
std::string keep_logs(Services& services, const Deployment& deployment, const StartWave& wave,
                      hvruntime::JobId job) {
    const std::filesystem::path folder =
        services.data_dir / "failed" / fmt::format("{}-job{}", deployment.name, job);
    try {
        base::make_dirs(folder, 0700);
        for (const std::string& name : wave.machines) {
            const auto paths = services.machines.paths(machine_id_of(deployment.name, name));
            for (const auto& [source, kind] :
                 {std::pair(paths.console_log(), "console"), std::pair(paths.qemu_log(), "qemu")}) {
                std::error_code ignored;  // a machine that never started has no log
                std::filesystem::copy_file(source, folder / fmt::format("{}.{}.log", name, kind),
                                           std::filesystem::copy_options::overwrite_existing,
                                           ignored);
            }
        }
    } catch (const std::exception& error) {
        return fmt::format("the logs of its machines could not be kept: {}", error.what());
    }
    return fmt::format("the logs of its machines are kept in {}", folder.string());
}

}  // namespace

JobStep network_step(Services& services, const std::string& deployment,
                     const PlannedNetwork& network) {
    const std::string id = network_id_of(deployment, network.name);
    return {.name = "network " + network.name,
            .run =
                [&services, deployment, network](JobContext&) {
                    services.switches.start(
                        switch_spec_of(require_deployment(services.store, deployment), network));
                },
            .undo = [&services, id](JobContext&) { services.switches.stop(id); }};
}

JobStep publish_step(Services& services, const std::string& deployment) {
    return {.name = "publish ports",
            .run =
                [&services, deployment](JobContext& job) {
                    Deployment record = require_deployment(services.store, deployment);
                    for (const PlannedPublish& publish : record.plan.publish) {
                        base::in_context(fmt::format("publishing '{}'", publish.name), [&] {
                            record.published[publish.name] = publish_one(services, record, publish);
                        });
                        save_deployment(services.store, record);
                    }
                    job.set_result({{"name", deployment}, {"urls", published_urls(record)}});
                },
            .undo = {}};  // the switches forget their ports when they are stopped
}

JobStep machine_step(Services& services, const std::string& deployment,
                     const std::string& machine) {
    const std::string id = machine_id_of(deployment, machine);
    return {.name = "machine " + machine,
            .run =
                [&services, deployment, machine, id](JobContext&) {
                    const Deployment record = require_deployment(services.store, deployment);
                    const PlannedMachine& planned = require_machine(record.plan, machine);
                    services.images.in_store([&] {
                        services.machines.create(machine_spec_of(record, planned,
                                                                 image_paths(services, record),
                                                                 switch_ports(services, record)));
                    });
                    std::vector<hvruntime::KeyWrite> keys;
                    for (const PlannedProperty& property : planned.properties) {
                        keys.push_back({property.key, property.value, property.secret});
                    }
                    services.channels.set(id, keys);
                },
            .undo =
                [&services, id](JobContext&) {
                    kill_machine(services, id);
                    services.machines.destroy(id);
                    services.channels.forget(id);
                }};
}

JobStep start_wave_step(Services& services, const std::string& deployment, const StartWave& wave,
                        std::size_t number) {
    return {.name = fmt::format("start {} ({})", fmt::join(wave.machines, ", "), number),
            .run =
                [&services, deployment, wave](JobContext& job) {
                    const Deployment record = require_deployment(services.store, deployment);
                    try {
                        for (const std::string& name : wave.machines) {
                            start_machine(services, record, require_machine(record.plan, name));
                            job.check_abort();
                        }
                        wait_until_ready(services, record, wave, job);
                    } catch (base::Error& error) {
                        if (error.kind() != base::ErrorKind::interrupted) {
                            error.set_hint(keep_logs(services, record, wave, job.id()));
                        }
                        throw;
                    }
                },
            .undo =
                [&services, deployment, wave](JobContext&) {
                    for (const std::string& name : wave.machines) {
                        kill_machine(services, machine_id_of(deployment, name));
                    }
                }};
}

JobStep stop_wave_step(Services& services, const std::string& deployment, const StartWave& wave,
                       std::size_t number) {
    return {.name = fmt::format("stop {} ({})", fmt::join(wave.machines, ", "), number),
            .run =
                [&services, deployment, wave](JobContext& job) {
                    const Deployment record = require_deployment(services.store, deployment);
                    for (const std::string& name : wave.machines) {
                        const PlannedMachine& machine = require_machine(record.plan, name);
                        const std::string id = machine_id_of(deployment, name);
                        if (machine.stop_action == "powerOff") {
                            services.machines.kill(id);
                        } else {
                            const std::chrono::seconds delay(machine.stop_delay_seconds);
                            services.machines.stop(id, delay.count() > 0 ? delay : kShutdownGrace);
                        }
                        services.channels.detach(id);
                        job.progress(1, wave.machines.size(), name);
                    }
                },
            .undo = {}};
}

JobStep set_state_step(Services& services, const std::string& deployment, DeploymentState state,
                       std::optional<DeploymentState> before) {
    const auto set = [&services, deployment](DeploymentState value) {
        if (auto record = find_deployment(services.store, deployment)) {
            record->state = value;
            save_deployment(services.store, *record);
        }
    };
    JobStep step{.name = fmt::format("mark as {}", to_string(state)),
                 .run = [set, state](JobContext&) { set(state); },
                 .undo = {}};
    if (before) {
        step.undo = [set, back = *before](JobContext&) { set(back); };
    }
    return step;
}

void kill_machines(Services& services, const Deployment& deployment) {
    for (const PlannedMachine& machine : deployment.plan.machines) {
        kill_machine(services, machine_id_of(deployment.name, machine.name));
    }
}

void remove_machines(Services& services, const Deployment& deployment) {
    for (const PlannedMachine& machine : deployment.plan.machines) {
        const std::string id = machine_id_of(deployment.name, machine.name);
        services.machines.destroy(id);
        services.channels.forget(id);
    }
}

void stop_networks(Services& services, const Deployment& deployment) {
    for (const PlannedNetwork& network : deployment.plan.networks) {
        services.switches.stop(network_id_of(deployment.name, network.name));
    }
}

base::Json published_urls(const Deployment& deployment) {
    base::Json urls = base::Json::object();
    for (const PlannedPublish& publish : deployment.plan.publish) {
        const auto port = deployment.published.find(publish.name);
        if (port != deployment.published.end()) {
            const bool http = publish.name == "http" || publish.name == "https";
            urls[publish.name] = http
                                     ? fmt::format("{}://127.0.0.1:{}/", publish.name, port->second)
                                     : fmt::format("127.0.0.1:{}", port->second);
        }
    }
    return urls;
}

}  // namespace deployer
