// SPDX-License-Identifier: Apache-2.0
#include "deployer/jobs/specs.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"

namespace deployer {

namespace {

constexpr unsigned kGatewayIndex = 1;
constexpr unsigned kServiceIndex = 3;

std::string prefix_length_of(const PlannedNetwork& network) {
    return network.subnet.substr(network.subnet.find('/'));
}

std::vector<std::string> domains_of(const DeploymentPlan& plan) {
    std::vector<std::string> domains{plan.name};
    if (plan.assembly != plan.name) {
        domains.push_back(plan.assembly);
    }
    return domains;
}

// "instance-id" must differ from clone to clone: cloud-init runs once for each value.
std::string instance_id_of(const Deployment& deployment, const PlannedMachine& machine) {
    return fmt::format("{}-{}-{}", deployment.name, machine.name, deployment.instance);
}

hvruntime::DiskBus bus_of(const std::string& name) {
    using hvruntime::DiskBus;
    for (const DiskBus bus :
         {DiskBus::virtio_blk, DiskBus::virtio_scsi, DiskBus::sata, DiskBus::ide}) {
        if (to_string(bus) == name) {
            return bus;
        }
    }
    throw base::Error(base::ErrorKind::invalid_input, fmt::format("unknown disk bus '{}'", name));
}

hvruntime::NicModel model_of(const std::string& name) {
    using hvruntime::NicModel;
    for (const NicModel model : {NicModel::virtio, NicModel::e1000, NicModel::e1000e,
                                 NicModel::vmxnet3, NicModel::rtl8139}) {
        if (to_string(model) == name) {
            return model;
        }
    }
    throw base::Error(base::ErrorKind::invalid_input,
                      fmt::format("unknown network card model '{}'", name));
}

}  // namespace

hvruntime::SwitchSpec switch_spec_of(const Deployment& deployment, const PlannedNetwork& network) {
    const DeploymentPlan& plan = deployment.plan;
    hvruntime::SwitchSpec spec{.id = network_id_of(plan.name, network.name),
                               .name = network.name,
                               .deployment = plan.name,
                               .subnet = network.subnet,
                               .isolated = network.isolated,
                               .domains = domains_of(plan)};
    for (const PlannedMachine& machine : plan.machines) {
        bool here = false;
        for (const PlannedNic& nic : machine.nics) {
            if (nic.network == network.name) {
                // A second card on the same network has an address, but the name stays with the
                // first one.
                spec.hosts.push_back({.name = here ? machine.name + "-2" : machine.name,
                                      .ip = nic.address,
                                      .mac = nic.mac});
                spec.ports.push_back({.machine_id = machine_id_of(plan.name, machine.name),
                                      .mac = nic.mac,
                                      .ip = nic.address});
                here = true;
            }
        }
        if (!here && !machine.nics.empty()) {
            spec.dns_records.push_back({.name = machine.name, .ip = machine.nics.front().address});
        }
    }
    return spec;
}

ovfkit::OvfEnvironment environment_of(const Deployment& deployment, const PlannedMachine& machine) {
    ovfkit::OvfEnvironment environment{
        .id = machine.system,
        .platform = {.kind = "QEMU", .version = "7.2", .vendor = "muster", .locale = "en"}};
    for (const PlannedProperty& property : machine.properties) {
        environment.properties.push_back({property.key, property.value});
    }
    // What the descriptor does not set and cloud-init asks for.
    const auto add_missing = [&](const std::string& key, const std::string& value) {
        if (!ovfkit::find_value(environment, key)) {
            environment.properties.push_back({key, value});
        }
    };
    add_missing("instance-id", instance_id_of(deployment, machine));
    add_missing("hostname", machine.name);
    for (const PlannedMachine& sibling : deployment.plan.machines) {
        if (sibling.name == machine.name) {
            continue;
        }
        ovfkit::EnvEntity entity{.id = sibling.name};
        for (const PlannedProperty& property : sibling.properties) {
            // A password belongs to its machine alone; who needs it gets it as a property of its
            // own.
            if (!property.secret) {
                entity.properties.push_back({property.key, property.value});
            }
        }
        environment.siblings.push_back(entity);
    }
    return environment;
}

std::string guest_settings_of(const Deployment& deployment, const PlannedMachine& machine) {
    base::Json interfaces = base::Json::array();
    std::vector<std::string> dns;
    bool routed = false;
    for (const PlannedNic& nic : machine.nics) {
        const PlannedNetwork& network = *find_network(deployment.plan, nic.network);
        base::Json interface {
            {"mac", nic.mac}, { "address", nic.address + prefix_length_of(network) }
        };
        // One way out is enough; an isolated network has none.
        if (!network.isolated && !routed) {
            interface["gateway"] = hvruntime::make_subnet_address(network.subnet, kGatewayIndex);
            routed = true;
        }
        const std::string service = hvruntime::make_subnet_address(network.subnet, kServiceIndex);
        // The resolver of an open network knows the world too: it is asked first.
        dns.insert(network.isolated ? dns.end() : dns.begin(), service);
        interfaces.push_back(interface);
    }
    const base::Json settings{{"hostname", machine.name},
                              {"domain", deployment.plan.name},
                              {"deployment", deployment.name},
                              {"instance_id", instance_id_of(deployment, machine)},
                              {"dns", dns},
                              {"search", domains_of(deployment.plan)},
                              {"interfaces", interfaces}};
    return base::to_json_text(settings, 2) + "\n";
}

hvruntime::MachineSpec machine_spec_of(const Deployment& deployment, const PlannedMachine& machine,
                                       const std::map<std::string, ImagePaths>& images,
                                       const std::map<std::string, hvruntime::SwitchPort>& ports) {
    hvruntime::MachineSpec spec{.id = machine_id_of(deployment.name, machine.name),
                                .name = machine.name,
                                .deployment = deployment.name,
                                .cpus = machine.cpus,
                                .memory_bytes = machine.memory_bytes,
                                .firmware = machine.firmware == to_string(hvruntime::Firmware::efi)
                                                ? hvruntime::Firmware::efi
                                                : hvruntime::Firmware::bios};
    for (const PlannedDisk& planned : machine.disks) {
        hvruntime::MachineDisk disk{.id = fmt::format("disk{}", spec.disks.size()),
                                    .capacity_bytes = planned.capacity_bytes,
                                    .bus = bus_of(planned.bus)};
        if (!planned.member.empty()) {
            disk.image = deployment.images.at(planned.member);
            disk.base = images.at(planned.member).disk;
            // The descriptor's capacity may be less than the disk's own (ovf-in-the-field: Oracle
            // VM writes the file's size); the disk is right.
            disk.capacity_bytes =
                std::max(planned.capacity_bytes, std::filesystem::file_size(disk.base));
        }
        spec.disks.push_back(disk);
    }
    for (const PlannedNic& nic : machine.nics) {
        const hvruntime::SwitchPort& port = ports.at(nic.mac);
        spec.nics.push_back({.network = network_id_of(deployment.name, nic.network),
                             .mac = nic.mac,
                             .model = model_of(nic.model),
                             .switch_socket = port.switch_socket,
                             .local_socket = port.machine_socket});
    }
    spec.config_iso = hvruntime::ConfigIso{
        .files = {{.name = "ovf-env.xml",
                   .content = ovfkit::write_ovf_env(environment_of(deployment, machine))},
                  {.name = "muster.json", .content = guest_settings_of(deployment, machine)}}};
    if (!machine.kernel_member.empty() && !machine.disks.empty()) {
        const ImagePaths& boot = images.at(machine.disks.front().member);
        spec.kernel = boot.kernel;
        spec.initrd = boot.initrd;
        spec.cmdline = machine.command_line;
    }
    return spec;
}

}  // namespace deployer
