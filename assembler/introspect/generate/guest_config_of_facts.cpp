// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/generate/guest_config_of_facts.h"

#include <algorithm>
#include <set>

#include "assembler/introspect/connect/property_keys.h"
#include "ovfkit/env/config/config_template.h"

namespace assembler {

namespace {

ovfkit::ConfigType config_type_of(WiredKey::Kind kind) {
    switch (kind) {
        case WiredKey::Kind::host:
        case WiredKey::Kind::address: return ovfkit::ConfigType::host;
        case WiredKey::Kind::port: return ovfkit::ConfigType::port;
        case WiredKey::Kind::secret: return ovfkit::ConfigType::password;
        case WiredKey::Kind::setting: break;
    }
    return ovfkit::ConfigType::string;
}

ovfkit::ConfigKey config_key_of(const WiredKey& wired) {
    ovfkit::ConfigKey key;
    key.name = wired.key;
    key.type = config_type_of(wired.kind);
    // Who deploys, or the assembly itself, has to say it.
    key.required = wired.required || !wired.value.empty();
    key.secret = wired.kind == WiredKey::Kind::secret;
    key.editable = wired.user;
    key.default_value = key.secret ? wired.guest_default : wired.default_value;
    key.label = wired.label;
    return key;
}

}  // namespace

ovfkit::ConfigSchema guest_config_of(const MachineFacts& machine, const MachineWiring& wiring) {
    ovfkit::ConfigSchema schema;
    std::set<std::string> used;
    for (const auto& [path, file] : wiring.files) {
        if (file.edits.empty()) {
            continue;
        }
        ovfkit::ConfigFile out;
        out.path = path;
        out.text = template_text(file.source.text, file.edits);
        out.owner = file.source.owner;
        out.permissions = file.source.permissions;
        out.restart = file.restart;
        used.merge(ovfkit::keys_of(ovfkit::parse_config_template(out.text)));
        schema.files.push_back(std::move(out));
    }
    for (const WiredKey& key : wiring.keys) {
        if (used.contains(key.key)) {
            schema.keys.push_back(config_key_of(key));
        }
    }
    for (const Component& component : machine.components) {
        for (const Input& input : component.inputs) {
            if (input.port == 0 || is_loopback(input.address)) {
                continue;
            }
            const std::string name = input_key_prefix(machine, component, input);
            const bool keyed = used.contains(name + ".port");
            schema.inputs.push_back({name, input.protocol,
                                     keyed ? "${" + name + ".port}" : std::to_string(input.port)});
        }
        for (const Output& output : component.outputs) {
            const std::string name = output_key_prefix(machine, component, output);
            if (used.contains(name + ".host")) {
                schema.outputs.push_back({name, output.protocol, output.port, name + ".host",
                                          used.contains(name + ".port") ? name + ".port" : ""});
            }
        }
    }
    return schema;
}

std::map<std::string, std::string> guest_config_of_facts(
    const std::vector<MachineFacts>& machines,
    const std::map<std::string, MachineWiring>& wirings) {
    std::map<std::string, std::string> texts;
    for (const MachineFacts& machine : machines) {
        const ovfkit::ConfigSchema schema = guest_config_of(machine, wirings.at(machine.name));
        if (!schema.files.empty()) {
            texts.emplace(machine.name, ovfkit::to_json_text(schema));
        }
    }
    return texts;
}

bool holds_secrets(const MachineWiring& wiring) {
    return std::any_of(wiring.keys.begin(), wiring.keys.end(),
                       [](const WiredKey& key) { return key.guest_default.has_value(); });
}

}  // namespace assembler
