// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/generate/wiring_parts.h"

#include <algorithm>

#include <fmt/format.h>

#include "assembler/introspect/connect/property_keys.h"
#include "base/error.h"

namespace assembler {

bool WiringInputs::is_in_hosts(const MachineFacts& machine, const std::string& host) const {
    return !is_address(host) && !book.address_in_hosts(machine.name, host).empty();
}

std::string WiringInputs::address_of(const MachineFacts& machine, const std::string& host) const {
    const std::string address = book.address_in_hosts(machine.name, host);
    return address.empty() ? host : address;
}

std::string WiringInputs::listener_key(const Connection& connection) const {
    for (const MachineFacts& machine : machines) {
        if (machine.name != connection.to.machine) {
            continue;
        }
        for (const Component& component : machine.components) {
            for (const Input& input : component.inputs) {
                if (component.name == connection.to.component && input.name == connection.to.name &&
                    !input.port_places.empty()) {
                    return input_key_prefix(machine, component, input) + ".port";
                }
            }
        }
    }
    return "";
}

std::pair<const Component*, const Output*> find_output(const MachineFacts& machine,
                                                       const Endpoint& end) {
    for (const Component& component : machine.components) {
        for (const Output& output : component.outputs) {
            if (component.name == end.component && output.name == end.name) {
                return {&component, &output};
            }
        }
    }
    base::unreachable("a connection without its output");
}

const Component* component_of_file(const MachineFacts& machine, const std::string& file) {
    for (const Component& component : machine.components) {
        const bool reads =
            std::find(component.files.begin(), component.files.end(), file) !=
                component.files.end() ||
            std::any_of(component.outputs.begin(), component.outputs.end(),
                        [&](const Output& output) { return output.evidence.file == file; });
        if (reads) {
            return &component;
        }
    }
    return nullptr;
}

std::vector<std::string> units_of(const Component& component) {
    return component.unit.empty() ? std::vector<std::string>{}
                                  : std::vector<std::string>{component.unit};
}

bool is_replaceable_secret(const SecretFact& secret) {
    return secret.place.length > 0 && secret.what.find("private key") == std::string::npos &&
           secret.what.find("host key") == std::string::npos &&
           secret.what.find("hash") == std::string::npos;
}

void add_units(std::vector<std::string>& units, const std::vector<std::string>& more) {
    for (const std::string& unit : more) {
        if (std::find(units.begin(), units.end(), unit) == units.end()) {
            units.push_back(unit);
        }
    }
}

WiredFile* file_to_edit(const WiringInputs& in, const std::string& machine, const std::string& path,
                        MachineWiring& wiring) {
    auto source = in.read(machine, path);
    if (!source || !is_plain_text(source->text)) {
        return nullptr;
    }
    const std::string real = source->path;
    return &wiring.files.try_emplace(real, WiredFile{std::move(*source), {}, {}}).first->second;
}

std::string put_place(const WiringInputs& in, const std::string& machine, const ValuePlace& place,
                      const std::string& text, const std::string& key,
                      const std::vector<std::string>& units, MachineWiring& wiring) {
    WiredFile* file = file_to_edit(in, machine, place.file, wiring);
    if (file == nullptr) {
        return "it is not there or no text";
    }
    const auto fail = [&](std::string why) {
        if (file->edits.empty()) {
            wiring.files.erase(file->source.path);
        }
        return why;
    };
    auto edit = find_place(file->source.text, place);
    if (!edit || file->source.text.substr(edit->offset, edit->length) != text) {
        return fail(fmt::format("line {} does not hold it", place.line));
    }
    // "$" before "${" would be read as an escape.
    if (edit->offset > 0 && file->source.text[edit->offset - 1] == '$') {
        return fail(fmt::format("a '$' stands before it in line {}", place.line));
    }
    // "[fd12::7]:80": an address of a deployment is IPv4 and needs no brackets.
    const std::string& whole = file->source.text;
    if (text.find(':') != std::string::npos && edit->offset > 0 && whole[edit->offset - 1] == '[' &&
        whole.substr(edit->offset + edit->length, 1) == "]" && is_address(bare_host(text))) {
        edit->offset -= 1;
        edit->length += 2;
    }
    edit->with = fmt::format("${{{}}}", key);
    const bool again =
        std::find(file->edits.begin(), file->edits.end(), *edit) != file->edits.end();
    if (!again && !add_edit(file->edits, *edit)) {
        return fmt::format("another value stands there in line {}", place.line);
    }
    add_units(file->restart, units);
    return "";
}

}  // namespace assembler
