// SPDX-License-Identifier: Apache-2.0
#include "assembler/schema/connections.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ovfkit/env/config/config_template.h"

namespace assembler {

namespace {

using ovfkit::ConfigInput;
using ovfkit::ConfigOutput;
using ovfkit::ConfigType;
using ovfkit::Endpoint;

template <typename Item>
std::vector<std::string> names_among(const std::vector<Item>& items) {
    std::vector<std::string> names;
    for (const Item& item : items) {
        names.push_back(item.name);
    }
    return names;
}

template <typename Item>
const Item* find_named(const std::vector<Item>& items, const std::string& name) {
    const auto found = std::find_if(items.begin(), items.end(),
                                    [&](const Item& item) { return item.name == name; });
    return found == items.end() ? nullptr : &*found;
}

// A number, or nothing when the port is a key's: its name is left in `key`.
std::optional<std::uint16_t> port_of(const ConfigInput& input, std::string& key) {
    const auto parts = ovfkit::parse_config_template(input.port);
    if (parts.size() == 1 && !parts[0].key.empty()) {
        key = parts[0].key;
        return std::nullopt;
    }
    std::uint16_t port = 0;
    std::from_chars(input.port.data(), input.port.data() + input.port.size(), port);
    return port == 0 ? std::nullopt : std::optional(port);
}

Endpoint endpoint_of(const ConfigInput& input) {
    Endpoint endpoint;
    endpoint.direction = Endpoint::Direction::input;
    endpoint.name = input.name;
    endpoint.protocol = input.protocol;
    endpoint.port = port_of(input, endpoint.port_property);
    return endpoint;
}

Endpoint endpoint_of(const ConfigOutput& output) {
    Endpoint endpoint;
    endpoint.direction = Endpoint::Direction::output;
    endpoint.name = output.name;
    endpoint.protocol = output.protocol;
    endpoint.port = output.default_port;
    endpoint.host_property = output.host_key;
    endpoint.port_property = output.port_key;
    return endpoint;
}

class Connector {
  public:
    Connector(Assembly& assembly, SchemaFindings& findings)
        : assembly_(assembly), findings_(findings) {}

    void run() {
        for (AssemblyMachine& machine : assembly_.machines) {
            add_endpoints(machine);
            for (const AssemblyConnection& connection : machine.connections) {
                connect(machine, connection);
            }
        }
    }

  private:
    template <typename... Args>
    void fault(const AssemblyConnection& connection, fmt::format_string<Args...> format,
               Args&&... args) {
        findings_.faults.push_back((connection.where.empty() ? "" : connection.where + ": ") +
                                   fmt::format(format, std::forward<Args>(args)...));
    }

    static void add_endpoints(AssemblyMachine& machine) {
        if (machine.schema) {
            for (const ConfigInput& input : machine.schema->inputs) {
                machine.endpoints.push_back(endpoint_of(input));
            }
            for (const ConfigOutput& output : machine.schema->outputs) {
                machine.endpoints.push_back(endpoint_of(output));
            }
        }
    }

    void connect(AssemblyMachine& machine, const AssemblyConnection& connection) {
        const auto outputs = machine.schema ? machine.schema->outputs : std::vector<ConfigOutput>();
        const ConfigOutput* output = find_named(outputs, connection.output);
        if (output == nullptr) {
            fault(connection, "the image of machine '{}' has no output '{}'{}", machine.name,
                  connection.output, guess_among(connection.output, names_among(outputs)));
            return;
        }
        const AssemblyMachine* target = find_named(assembly_.machines, connection.machine);
        if (target == nullptr) {
            fault(connection, "output '{}' of machine '{}' is connected to unknown machine '{}'{}",
                  output->name, machine.name, connection.machine,
                  guess_among(connection.machine, names_among(assembly_.machines)));
            return;
        }
        const ConfigInput* input = nullptr;
        if (!choose_input(machine, connection, *output, *target, input)) {
            return;
        }
        const auto network = choose_network(machine, connection, *target);
        if (!network) {
            return;
        }
        give_host(machine, connection, *output, *target, *network);
        give_port(machine, connection, *output, *target, input);
        for (Endpoint& endpoint : machine.endpoints) {
            if (endpoint.direction == Endpoint::Direction::output &&
                endpoint.name == output->name) {
                endpoint.machine = target->name;
                endpoint.input = input == nullptr ? "" : input->name;
                endpoint.network = *network;
            }
        }
    }

    // False after a fault. A machine whose image declares no inputs has the output's default port.
    bool choose_input(const AssemblyMachine& machine, const AssemblyConnection& connection,
                      const ConfigOutput& output, const AssemblyMachine& target,
                      const ConfigInput*& chosen) {
        static const std::vector<ConfigInput> kNone;
        const auto& inputs = target.schema ? target.schema->inputs : kNone;
        if (!connection.input.empty()) {
            chosen = find_named(inputs, connection.input);
            if (chosen == nullptr) {
                fault(connection, "the image of machine '{}' has no input '{}'{}", target.name,
                      connection.input, guess_among(connection.input, names_among(inputs)));
            }
            return chosen != nullptr;
        }
        std::vector<std::string> fitting;
        for (const ConfigInput& input : inputs) {
            if (output.protocol.empty() || input.protocol.empty() ||
                input.protocol == output.protocol) {
                fitting.push_back(input.name);
                chosen = &input;
            }
        }
        if (fitting.size() > 1) {
            fault(connection,
                  "output '{}' of machine '{}' could go to several inputs of '{}': write one of "
                  "{}.{}",
                  output.name, machine.name, target.name, target.name,
                  fmt::join(fitting, fmt::format(", {}.", target.name)));
            return false;
        }
        if (fitting.empty() && !inputs.empty()) {
            fault(connection, "machine '{}' has no input of protocol '{}' for output '{}' of '{}'",
                  target.name, output.protocol, output.name, machine.name);
            return false;
        }
        return true;
    }

    std::optional<std::string> choose_network(const AssemblyMachine& machine,
                                              const AssemblyConnection& connection,
                                              const AssemblyMachine& target) {
        std::vector<std::string> common;
        for (const std::string& network : machine.networks) {
            if (std::find(target.networks.begin(), target.networks.end(), network) !=
                target.networks.end()) {
                common.push_back(network);
            }
        }
        if (!connection.network.empty()) {
            if (std::find(common.begin(), common.end(), connection.network) == common.end()) {
                fault(connection, "machines '{}' and '{}' are not both on network '{}'{}",
                      machine.name, target.name, connection.network,
                      guess_among(connection.network, common));
                return std::nullopt;
            }
            return connection.network;
        }
        if (common.empty()) {
            fault(connection, "machines '{}' and '{}' have no network in common", machine.name,
                  target.name);
            return std::nullopt;
        }
        if (common.size() > 1) {
            fault(connection,
                  "machines '{}' and '{}' meet on several networks: write '{}: {{ to: {}, network: "
                  "{} }}'",
                  machine.name, target.name, connection.output, target.name,
                  fmt::join(common, " }' or '… network: "));
            return std::nullopt;
        }
        return common.front();
    }

    static AssemblyProperty* find_property(AssemblyMachine& machine, const std::string& key) {
        const auto found = std::find_if(machine.properties.begin(), machine.properties.end(),
                                        [&](const auto& one) { return one.key == key; });
        return found == machine.properties.end() ? nullptr : &*found;
    }

    void give_host(AssemblyMachine& machine, const AssemblyConnection& connection,
                   const ConfigOutput& output, const AssemblyMachine& target,
                   const std::string& network) {
        if (output.host_key.empty()) {
            return;
        }
        AssemblyProperty* given = find_property(machine, output.host_key);
        if (given != nullptr && (given->default_value || !given->value_template.empty())) {
            fault(connection, "property '{}' of machine '{}' has a value and is connected too",
                  output.host_key, machine.name);
            return;
        }
        const ovfkit::ConfigKey* key = machine.schema->find_key(output.host_key);
        const bool several = key != nullptr && key->type == ConfigType::hosts;
        if (!several && target.count.maximum > 1) {
            findings_.warnings.push_back(
                fmt::format("machine '{}' takes one address for output '{}': of the machines '{}' "
                            "it gets the first one's",
                            machine.name, output.name, target.name));
        }
        give(machine, output.host_key)->value_template =
            fmt::format("${{{}.{}.{}}}", target.name, several ? "ips" : "ip", network);
    }

    void give_port(AssemblyMachine& machine, const AssemblyConnection& connection,
                   const ConfigOutput& output, const AssemblyMachine& target,
                   const ConfigInput* input) {
        std::string key;
        const std::optional<std::uint16_t> port =
            input == nullptr ? output.default_port : port_of(*input, key);
        if (output.port_key.empty()) {
            if (port && output.default_port && *port != *output.default_port) {
                fault(connection,
                      "machine '{}' cannot be told that input '{}' of '{}' is on port {}",
                      machine.name, input->name, target.name, *port);
            }
            return;
        }
        const AssemblyProperty* given = find_property(machine, output.port_key);
        if (given != nullptr && (given->default_value || !given->value_template.empty())) {
            return;  // the assembly knows better
        }
        if (!key.empty()) {
            give(machine, output.port_key)->value_template =
                fmt::format("${{{}.{}}}", target.name, key);
        } else if (port) {
            give(machine, output.port_key)->default_value = std::to_string(*port);
        }
    }

    static AssemblyProperty* give(AssemblyMachine& machine, const std::string& key) {
        if (AssemblyProperty* property = find_property(machine, key)) {
            property->is_fixed = true;
            return property;
        }
        machine.properties.push_back({.key = key, .is_fixed = true});
        return &machine.properties.back();
    }

    Assembly& assembly_;
    SchemaFindings& findings_;
};

}  // namespace

void resolve_connections(Assembly& assembly, SchemaFindings& findings) {
    Connector(assembly, findings).run();
}

}  // namespace assembler
