// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/generate/wiring.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "assembler/introspect/connect/property_keys.h"
#include "assembler/introspect/generate/address_sweep.h"
#include "assembler/introspect/generate/wiring_parts.h"

namespace assembler {

namespace {

// Everything about the outputs, inputs, settings and secrets of one machine.
class MachineWirer {
  public:
    MachineWirer(const MachineFacts& machine, const WiringInputs& in)
        : machine_(machine), in_(in) {}

    MachineWiring run() {
        for (const Connection& connection : in_.map.connections) {
            if (connection.from.machine == machine_.name && !connection.inner) {
                wire_connection(connection);
            }
        }
        for (const External& external : in_.map.externals) {
            if (external.from.machine == machine_.name) {
                wire_external(external);
            }
        }
        for (const Component& component : machine_.components) {
            wire_inputs(component);
            wire_properties(component);
        }
        wire_secrets();
        sweep_addresses(machine_, in_, wiring_);
        wire_hosts_file(machine_, in_, wiring_);
        withhold_secrets();
        finish();
        return std::move(wiring_);
    }

  private:
    const Component* component_called(const std::string& name) const {
        const auto found = std::find_if(machine_.components.begin(), machine_.components.end(),
                                        [&](const Component& one) { return one.name == name; });
        return found == machine_.components.end() ? nullptr : &*found;
    }

    void wire_connection(const Connection& connection) {
        const auto [component, output] = find_output(machine_, connection.from);
        const std::string prefix = output_key_prefix(machine_, *component, *output);
        const std::string host = bare_host(output->host);
        const std::string network = in_.networks.network_for(
            connection.to.machine, in_.address_of(machine_, host), machine_.name);
        const std::vector<std::string> units = units_of(*component);
        if (!in_.is_in_hosts(machine_, host)) {
            WiredKey key{
                .kind = WiredKey::Kind::host,
                .key = prefix + ".host",
                .value = fmt::format("${{{}.ip.{}}}", connection.to.machine, network),
                .label = fmt::format("Where {} finds {}", component->name, connection.to.machine),
                .comment = fmt::format("was {}", output->host),
                .evidence = output->evidence,
                .restart = units};
            put(std::move(key), output->host_places, output->host, units);
        }
        wire_port_of(connection, *output, prefix, units);
    }

    // The client's port follows the listener's, so that it is changed in one place.
    void wire_port_of(const Connection& connection, const Output& output, const std::string& prefix,
                      const std::vector<std::string>& units) {
        if (output.port == 0) {
            return;
        }
        WiredKey key{.kind = WiredKey::Kind::port,
                     .key = prefix + ".port",
                     .label = fmt::format("Port of {}", connection.to.machine),
                     .comment = output.port_written ? "" : "the protocol's own, not written there",
                     .evidence = output.evidence,
                     .restart = units};
        const std::string listener = in_.listener_key(connection);
        if (listener.empty() || output.port_places.empty()) {
            key.default_value = std::to_string(output.port);
        } else {
            key.value = fmt::format("${{{}.{}}}", connection.to.machine, listener);
        }
        put(std::move(key), output.port_places, std::to_string(output.port), units);
    }

    void wire_external(const External& external) {
        const auto [component, output] = find_output(machine_, external.from);
        const std::string prefix = output_key_prefix(machine_, *component, *output);
        const std::vector<std::string> units = units_of(*component);
        if (output->host_places.empty()) {
            wiring_.remarks.push_back(
                {fmt::format("{} on {} leads to {}, which no file of its own says: it stays",
                             external.from.name, machine_.name, output->host),
                 output->evidence});
            return;
        }
        put({.kind = WiredKey::Kind::host,
             .key = prefix + ".host",
             .required = true,
             .user = true,
             .label = fmt::format("Where {} finds its {} service", component->name,
                                  external.protocol.empty() ? "outside" : external.protocol),
             .comment = fmt::format("outside of the set, was {}", output->host),
             .evidence = output->evidence,
             .restart = units},
            output->host_places, output->host, units);
        if (output->port != 0) {
            put({.kind = WiredKey::Kind::port,
                 .key = prefix + ".port",
                 .default_value = std::to_string(output->port),
                 .user = true,
                 .label = "Its port",
                 .comment = output->port_written ? "" : "the protocol's own, not written there",
                 .evidence = output->evidence,
                 .restart = units},
                output->port_places, std::to_string(output->port), units);
        }
    }

    void wire_inputs(const Component& component) {
        for (const Input& input : component.inputs) {
            if (input.port != 0 && !input.port_places.empty()) {
                put({.kind = WiredKey::Kind::port,
                     .key = input_key_prefix(machine_, component, input) + ".port",
                     .default_value = std::to_string(input.port),
                     .label = fmt::format("Port that {} listens on", component.name),
                     .evidence = input.evidence,
                     .restart = units_of(component)},
                    input.port_places, std::to_string(input.port), units_of(component));
            }
        }
    }

    void wire_properties(const Component& component) {
        for (const PropertyFact& property : component.properties) {
            if (property.editable && !property.secret && !property.places.empty() &&
                is_plain_text(property.value)) {
                put({.kind = WiredKey::Kind::setting,
                     .key = property_key(component, property),
                     .default_value = property.value,
                     .user = true,
                     .label = fmt::format("{} of {}", property.key, component.name),
                     .evidence = property.evidence,
                     .restart = units_of(component)},
                    property.places, property.value, units_of(component));
            }
        }
    }

    // With their values kept, secrets can be replaced at deployment and need not.
    void wire_secrets() {
        if (!in_.options.keep_secrets) {
            return;
        }
        for (const SecretFact& secret : machine_.secrets) {
            if (is_replaceable_secret(secret)) {
                wire_secret(secret, true);
            }
        }
    }

    // A file that becomes a template is copied out; a secret in it is not.
    void withhold_secrets() {
        if (in_.options.keep_secrets) {
            return;
        }
        for (const SecretFact& secret : machine_.secrets) {
            const auto source = in_.read(machine_.name, secret.place.file);
            if (!source || !wiring_.files.contains(source->path)) {
                continue;
            }
            if (is_replaceable_secret(secret)) {
                wire_secret(secret, false);
            }
            if (!is_edited(wiring_.files.at(source->path), secret.place)) {
                wiring_.files.erase(source->path);
                wiring_.remarks.push_back(
                    {fmt::format("{} of {} stays as it is: it holds a {}, which is not copied out",
                                 source->path, machine_.name, secret.what),
                     secret.evidence});
            }
        }
    }

    static bool is_edited(const WiredFile& file, const ValuePlace& place) {
        const auto whole = find_place(file.source.text, place);
        return whole && std::any_of(file.edits.begin(), file.edits.end(), [&](const auto& edit) {
                   return edit.offset <= whole->offset &&
                          whole->offset + whole->length <= edit.offset + edit.length;
               });
    }

    void wire_secret(const SecretFact& secret, bool keep) {
        const Component* component = component_of_file(machine_, secret.place.file);
        const std::vector<std::string> units =
            component == nullptr ? std::vector<std::string>{} : units_of(*component);
        const auto source = in_.read(machine_.name, secret.place.file);
        const auto place = source ? find_place(source->text, secret.place) : std::nullopt;
        if (!place) {
            return;
        }
        const std::string value = source->text.substr(place->offset, place->length);
        WiredKey key{.kind = WiredKey::Kind::secret,
                     .key = free_key(key_word(component == nullptr ? "secret" : component->name) +
                                     ".password"),
                     .required = !keep,
                     .user = true,
                     .label = secret.what,
                     .comment = keep ? "without a value the original stays, which is in the image"
                                     : "its value was not copied: it has to be given",
                     .evidence = secret.evidence,
                     .restart = units};
        if (keep) {
            key.guest_default = value;
        }
        put(std::move(key), {secret.place}, value, units);
    }

    std::string free_key(const std::string& wanted) const {
        std::string key = wanted;
        for (int number = 2; wiring_.find_key(key) != nullptr; ++number) {
            key = fmt::format("{}-{}", wanted, number);
        }
        return key;
    }

    // The key, and the edits that put it into files. A place whose text is not what was found
    // stays as it is.
    void put(WiredKey key, const std::vector<ValuePlace>& places, const std::string& text,
             const std::vector<std::string>& units) {
        for (const ValuePlace& place : places) {
            const std::string fault =
                put_place(in_, machine_.name, place, text, key.key, units, wiring_);
            if (!fault.empty()) {
                wiring_.remarks.push_back(
                    {fmt::format("'{}' is not put into {}: {}", key.key, place.file, fault),
                     {place.file, place.line, key.evidence.confidence}});
            }
        }
        if (wiring_.find_key(key.key) == nullptr) {
            wiring_.keys.push_back(std::move(key));
        }
    }

    void finish() {
        std::set<std::string> used;
        for (const auto& [path, file] : wiring_.files) {
            for (const TextEdit& edit : file.edits) {
                used.insert(edit.with.substr(2, edit.with.find('}') - 2));
            }
        }
        // A password that goes nowhere must not be asked for.
        std::erase_if(wiring_.keys, [&](const WiredKey& key) {
            return key.kind == WiredKey::Kind::secret && !used.contains(key.key);
        });
    }

    const MachineFacts& machine_;
    const WiringInputs& in_;
    MachineWiring wiring_;
};

}  // namespace

const WiredKey* MachineWiring::find_key(const std::string& key) const {
    const auto found =
        std::find_if(keys.begin(), keys.end(), [&](const WiredKey& one) { return one.key == key; });
    return found == keys.end() ? nullptr : &*found;
}

std::map<std::string, MachineWiring> plan_wiring(const std::vector<MachineFacts>& machines,
                                                 const ConnectionMap& map,
                                                 const NetworkMap& networks, const FileReader& read,
                                                 const WiringOptions& options) {
    const WiringInputs in(machines, map, networks, read, options);
    std::map<std::string, MachineWiring> wirings;
    for (const MachineFacts& machine : machines) {
        wirings.emplace(machine.name, MachineWirer(machine, in).run());
    }
    return wirings;
}

std::vector<MachineFacts> name_machines(std::vector<MachineFacts> machines) {
    std::set<std::string> taken;
    for (MachineFacts& machine : machines) {
        const std::string wanted = host_word(machine.name);
        std::string name = wanted;
        for (int number = 2; !taken.insert(name).second; ++number) {
            name = fmt::format("{}-{}", wanted.substr(0, 58), number);
        }
        machine.name = name;
    }
    return machines;
}

}  // namespace assembler
