// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/connect/networks.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "assembler/introspect/connect/property_keys.h"

namespace assembler {

namespace {

// The subnets a machine has fixed addresses in, in the order of its interfaces.
std::vector<Subnet> subnets_of(const MachineFacts& machine) {
    std::vector<Subnet> subnets;
    for (const InterfaceFact& interface : machine.interfaces) {
        for (const std::string& address : interface.addresses) {
            const auto subnet = find_subnet(address);
            const bool counts = subnet && !is_inner_interface(interface.name) &&
                                !is_loopback(address) && subnet->prefix < 32;
            if (counts && std::find(subnets.begin(), subnets.end(), *subnet) == subnets.end()) {
                subnets.push_back(*subnet);
            }
        }
    }
    return subnets;
}

class NetworkFinder {
  public:
    NetworkFinder(const std::vector<MachineFacts>& machines, const ConnectionMap& map)
        : machines_(machines), map_(map) {}

    NetworkMap run() {
        std::vector<Subnet> subnets;
        for (const MachineFacts& machine : machines_) {
            for (const Subnet& subnet : subnets_of(machine)) {
                if (std::find(subnets.begin(), subnets.end(), subnet) == subnets.end()) {
                    subnets.push_back(subnet);
                }
            }
        }
        for (const Subnet& subnet : subnets) {
            found_.networks.push_back(
                {subnets.size() == 1 ? "net" : "net-" + host_word(ipv4_text(subnet.address)),
                 subnet, false});
        }
        if (subnets.empty()) {
            found_.networks.push_back({"net", std::nullopt, false});
        }
        for (const MachineFacts& machine : machines_) {
            place_fixed(machine);
        }
        for (const MachineFacts& machine : machines_) {
            place_others(machine);
        }
        join_unreachable();
        find_isolated();
        return std::move(found_);
    }

  private:
    void place_fixed(const MachineFacts& machine) {
        auto& names = found_.of_machine[machine.name];
        for (const Subnet& subnet : subnets_of(machine)) {
            for (const FoundNetwork& network : found_.networks) {
                if (network.subnet == subnet) {
                    names.push_back(network.name);
                }
            }
        }
        for (const InterfaceFact& interface : machine.interfaces) {
            for (const std::string& address : interface.addresses) {
                const std::string bare = bare_host(address);
                if (bare.find(':') != std::string::npos && !is_loopback(bare) &&
                    !bare.starts_with("fe80:")) {
                    found_.remarks.push_back(
                        {fmt::format("{} has the IPv6 address {}, which a deployment does not give",
                                     machine.name, bare),
                         interface.evidence});
                }
            }
        }
    }

    // By DHCP or not known: where the machines are that it talks to.
    void place_others(const MachineFacts& machine) {
        auto& names = found_.of_machine[machine.name];
        if (!names.empty()) {
            return;
        }
        for (const Connection& connection : map_.connections) {
            const bool asks = connection.from.machine == machine.name;
            const std::string& other = asks ? connection.to.machine : connection.from.machine;
            const bool counts =
                !connection.inner && (asks || connection.to.machine == machine.name);
            if (counts && names.empty() && !found_.of_machine[other].empty()) {
                names.push_back(found_.of_machine[other].front());
            }
        }
        if (names.empty()) {
            names.push_back(found_.networks.front().name);
        }
    }

    bool share_network(const std::string& one, const std::string& other) {
        const auto& names = found_.of_machine[other];
        return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
            const auto& mine = found_.of_machine[one];
            return std::find(mine.begin(), mine.end(), name) != mine.end();
        });
    }

    // A router that is not in the set joined them; a deployment has none between its networks.
    void join_unreachable() {
        for (const Connection& connection : map_.connections) {
            const std::string& client = connection.from.machine;
            const std::string& server = connection.to.machine;
            if (connection.inner || share_network(client, server)) {
                continue;
            }
            const std::string network =
                found_.network_for(server, bare_host(connection.host), client);
            found_.of_machine[client].push_back(network);
            found_.remarks.push_back(
                {fmt::format("{} reaches {} through a router: it joins the network '{}'", client,
                             server, network),
                 connection.output_evidence});
        }
    }

    void find_isolated() {
        if (found_.networks.size() < 2) {
            return;
        }
        std::set<std::string> open;
        for (const MachineFacts& machine : machines_) {
            for (const InterfaceFact& interface : machine.interfaces) {
                mark_gateway(machine, interface, open);
            }
        }
        for (FoundNetwork& network : found_.networks) {
            bool needed = !network.subnet || open.contains(network.name);
            for (const auto& [machine, names] : found_.of_machine) {
                // Its only network: what the machine fetches and who visits it come this way.
                needed = needed || (names.size() == 1 && names.front() == network.name &&
                                    has_outside(machine));
            }
            network.isolated = !needed;
        }
    }

    void mark_gateway(const MachineFacts& machine, const InterfaceFact& interface,
                      std::set<std::string>& open) const {
        const auto gateway = find_ipv4(bare_host(interface.gateway));
        for (const std::string& name : found_.of_machine.at(machine.name)) {
            const FoundNetwork* network = found_.find(name);
            const bool dhcp = interface.method == "dhcp" && interface.addresses.empty();
            if (dhcp || (gateway && network->subnet && network->subnet->contains(*gateway))) {
                open.insert(name);
            }
        }
    }

    bool has_outside(const std::string& machine) const {
        return std::any_of(map_.externals.begin(), map_.externals.end(),
                           [&](const External& one) { return one.from.machine == machine; }) ||
               std::any_of(map_.open_inputs.begin(), map_.open_inputs.end(),
                           [&](const OpenInput& one) { return one.input.machine == machine; });
    }

    const std::vector<MachineFacts>& machines_;
    const ConnectionMap& map_;
    NetworkMap found_;
};

}  // namespace

NetworkMap find_networks(const std::vector<MachineFacts>& machines, const ConnectionMap& map) {
    return NetworkFinder(machines, map).run();
}

const FoundNetwork* NetworkMap::find(const std::string& name) const {
    const auto found = std::find_if(networks.begin(), networks.end(),
                                    [&](const FoundNetwork& one) { return one.name == name; });
    return found == networks.end() ? nullptr : &*found;
}

std::string NetworkMap::network_for(const std::string& machine, const std::string& address,
                                    const std::string& asking) const {
    const auto mine = of_machine.find(machine);
    if (mine == of_machine.end() || mine->second.empty()) {
        return "";
    }
    const auto numeric = find_ipv4(address);
    for (const std::string& name : mine->second) {
        const FoundNetwork* network = find(name);
        if (numeric && network->subnet && network->subnet->contains(*numeric)) {
            return name;
        }
    }
    const auto theirs = of_machine.find(asking);
    for (const std::string& name : mine->second) {
        if (theirs != of_machine.end() &&
            std::find(theirs->second.begin(), theirs->second.end(), name) != theirs->second.end()) {
            return name;
        }
    }
    return mine->second.front();
}

}  // namespace assembler
