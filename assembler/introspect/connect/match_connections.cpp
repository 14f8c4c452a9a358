// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/connect/match_connections.h"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "assembler/introspect/connect/address_book.h"
#include "assembler/introspect/connect/addresses.h"
#include "assembler/introspect/connect/property_keys.h"

namespace assembler {

namespace {

constexpr double kOtherProtocol = 0.4;
constexpr double kOtherAddress = 0.6;  // the input listens on another address of its machine
constexpr double kLocalOnly = 0.4;     // the input listens on localhost, the output is elsewhere
constexpr double kNoInput = 0.5;       // nothing was seen to listen there
constexpr double kAmbiguous = 0.5;

using Family = std::array<std::string_view, 6>;
constexpr std::array<Family, 8> kFamilies{{
    {"http", "https", "ws", "wss", "h2", "elasticsearch"},
    {"postgresql", "postgres", "pgbouncer", "", "", ""},
    {"mysql", "mariadb", "", "", "", ""},
    {"redis", "rediss", "valkey", "", "", ""},
    {"amqp", "amqps", "", "", "", ""},
    {"ldap", "ldaps", "", "", "", ""},
    {"smtp", "smtps", "submission", "", "", ""},
    {"mqtt", "mqtts", "", "", "", ""},
}};

bool is_any_protocol(std::string_view protocol) {
    return protocol.empty() || protocol == "tcp" || protocol == "tls" || protocol == "ssl" ||
           protocol == "generic" || protocol == "unknown";
}

struct Candidate {
    const Component* component = nullptr;
    const Input* input = nullptr;
    double fit = 0;
};

// How well what goes to `wanted` reaches a listener on `listening`.
double address_fit(const std::string& listening, bool same_machine, const std::string& wanted) {
    if (is_any_address(listening)) {
        return 1;
    }
    if (is_loopback(listening)) {
        return same_machine ? 1 : kLocalOnly;
    }
    const std::string bare = bare_host(listening);
    return is_address(bare) && is_address(wanted) && bare != wanted ? kOtherAddress : 1;
}

bool listens_locally_only(const Input& input) {
    return is_loopback(input.address) &&
           std::all_of(input.other_addresses.begin(), input.other_addresses.end(),
                       [](const std::string& other) { return is_loopback(other); });
}

// How well the input takes what the output sends, places and protocol together; 0: not at all.
double input_fit(const Output& output, const Input& input, bool same_machine,
                 const std::string& address) {
    const double fit = protocol_fit(output.protocol, input.protocol);
    const bool unix_output = output.port == 0;
    if (unix_output || input.port == 0) {
        const bool same_path =
            unix_output && input.port == 0 && same_machine && input.address == output.host;
        return same_path ? fit : 0;
    }
    if (input.port != output.port) {
        return 0;
    }
    // One listener may have several addresses: the best of them counts.
    double place = address_fit(input.address, same_machine, address);
    for (const std::string& other : input.other_addresses) {
        place = std::max(place, address_fit(other, same_machine, address));
    }
    return fit * place;
}

// A member of a cluster finds itself in the list of all members. Only what hands requests on, a web
// server or a balancer, connects to itself.
bool is_own_place_in_cluster(const Connection& connection) {
    return connection.inner && !connection.generic &&
           connection.to.component == connection.from.component &&
           protocol_fit(connection.protocol, "http") <= kOtherProtocol;
}

class Matcher {
  public:
    explicit Matcher(const std::vector<MachineFacts>& machines)
        : machines_(machines), book_(machines) {
        map_.remarks = book_.remarks();
    }

    ConnectionMap run() {
        for (const MachineFacts& machine : machines_) {
            for (const Component& component : machine.components) {
                if (!component.enabled) {
                    continue;  // what does not run connects to nothing
                }
                for (const Output& output : component.outputs) {
                    match(machine, component, output);
                }
            }
        }
        find_open_inputs();
        return std::move(map_);
    }

  private:
    const MachineFacts& machine_called(const std::string& name) const {
        return *std::find_if(machines_.begin(), machines_.end(),
                             [&](const MachineFacts& one) { return one.name == name; });
    }

    void match(const MachineFacts& machine, const Component& component, const Output& output) {
        const std::string host = bare_host(output.host);
        // Services of a compose file find each other by name, inside of it.
        const bool inside = output.port == 0 || !output.local_component.empty();
        std::vector<Owner> owners = inside ? std::vector<Owner>{{machine.name, 1.0, "inside"}}
                                           : book_.find_owners(machine.name, host);
        if (owners.empty()) {
            add_external(machine, component, output);
            return;
        }
        Connection connection{.from = {machine.name, component.name, output.name},
                              .protocol = output.protocol,
                              .host = output.host,
                              .port = output.port,
                              .database = output.database,
                              .output_evidence = output.evidence};
        if (owners.size() > 1) {
            owners = prefer_listening(machine, output, std::move(owners));
        }
        join(connection, machine, output, owners.front());
        if (is_own_place_in_cluster(connection)) {
            return;
        }
        if (owners.size() > 1) {
            connection.confidence *= kAmbiguous;
            std::vector<std::string> names;
            std::transform(owners.begin(), owners.end(), std::back_inserter(names),
                           [](const Owner& owner) { return owner.machine; });
            map_.remarks.push_back(
                {fmt::format("'{}' of {} on {} can be any of {}", output.host, component.name,
                             machine.name, fmt::join(names, ", ")),
                 output.evidence});
        }
        map_.connections.push_back(std::move(connection));
    }

    // Of machines with the same right to a name, those that listen on the port.
    std::vector<Owner> prefer_listening(const MachineFacts& machine, const Output& output,
                                        std::vector<Owner> owners) const {
        std::vector<Owner> listening;
        for (const Owner& owner : owners) {
            if (best_input(machine_called(owner.machine), output, owner.machine == machine.name)
                    .input != nullptr) {
                listening.push_back(owner);
            }
        }
        return listening.empty() ? std::move(owners) : listening;
    }

    Candidate best_input(const MachineFacts& target, const Output& output,
                         bool same_machine) const {
        const std::string host = bare_host(output.host);
        const std::string written = book_.address_in_hosts(target.name, host);
        const std::string address = is_address(host) ? host : written;
        Candidate best;
        for (const Component& component : target.components) {
            const bool other =
                !output.local_component.empty() && component.name != output.local_component;
            if (other || !component.enabled) {
                continue;
            }
            for (const Input& input : component.inputs) {
                const double fit = input_fit(output, input, same_machine, address);
                if (fit > best.fit) {
                    best = {&component, &input, fit};
                }
            }
        }
        return best;
    }

    void join(Connection& connection, const MachineFacts& machine, const Output& output,
              const Owner& owner) {
        const MachineFacts& target = machine_called(owner.machine);
        connection.inner = owner.machine == machine.name;
        connection.how = owner.how;
        const Candidate best = best_input(target, output, connection.inner);
        if (best.input == nullptr) {
            connection.to = {target.name, output.local_component, kGenericInput};
            connection.generic = true;
            connection.confidence = output.evidence.confidence * owner.confidence * kNoInput;
            return;
        }
        connection.to = {target.name, best.component->name, best.input->name};
        connection.input_evidence = best.input->evidence;
        connection.confidence =
            std::min(output.evidence.confidence, best.input->evidence.confidence) *
            owner.confidence * best.fit;
        used_.insert(connection.to);
        if (!connection.inner && listens_locally_only(*best.input)) {
            map_.remarks.push_back(
                {fmt::format("{} on {} connects to port {} of {}, where {} listens on {} only",
                             connection.from.component, machine.name, output.port, target.name,
                             best.component->name, best.input->address),
                 best.input->evidence});
        }
    }

    void add_external(const MachineFacts& machine, const Component& component,
                      const Output& output) {
        const std::string prefix = output_key_prefix(machine, component, output);
        map_.externals.push_back({.from = {machine.name, component.name, output.name},
                                  .protocol = output.protocol,
                                  .host = output.host,
                                  .port = output.port,
                                  .database = output.database,
                                  .properties = {prefix + ".host", prefix + ".port"},
                                  .confidence = output.evidence.confidence,
                                  .evidence = output.evidence});
    }

    void find_open_inputs() {
        for (const MachineFacts& machine : machines_) {
            for (const Component& component : machine.components) {
                for (const Input& input : component.inputs) {
                    const Endpoint end{machine.name, component.name, input.name};
                    if (input.port != 0 && !listens_locally_only(input) && component.enabled &&
                        !used_.contains(end)) {
                        map_.open_inputs.push_back(
                            {end, input.protocol, input.address, input.port, input.evidence});
                    }
                }
            }
        }
        std::stable_sort(
            map_.open_inputs.begin(), map_.open_inputs.end(),
            [](const OpenInput& one, const OpenInput& other) {
                const auto rank = [](const OpenInput& input) {
                    return input.protocol == "http" ? 0 : input.protocol == "https" ? 1 : 2;
                };
                return rank(one) < rank(other);
            });
    }

    const std::vector<MachineFacts>& machines_;
    AddressBook book_;
    std::set<Endpoint> used_;
    ConnectionMap map_;
};

}  // namespace

double protocol_fit(std::string_view output, std::string_view input) {
    if (output == input) {
        return 1.0;
    }
    if (is_any_protocol(output) || is_any_protocol(input)) {
        return 0.9;
    }
    for (const Family& family : kFamilies) {
        const auto has = [&](std::string_view protocol) {
            return std::find(family.begin(), family.end(), protocol) != family.end();
        };
        if (has(output) && has(input)) {
            return 0.8;
        }
    }
    return kOtherProtocol;
}

ConnectionMap match_connections(const std::vector<MachineFacts>& machines) {
    return Matcher(machines).run();
}

}  // namespace assembler
