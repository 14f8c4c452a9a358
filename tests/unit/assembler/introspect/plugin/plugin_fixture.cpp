// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/assembler/introspect/plugin/plugin_fixture.h"

#include <sstream>

#include <fmt/format.h>

namespace tests {

namespace {

using assembler::Component;
using assembler::ServiceFact;
using assembler::ValuePlace;

std::string unit_value(const std::string& text, const std::string& key) {
    std::string value;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(key + "=")) {
            value = line.substr(key.size() + 1);
            while (value.ends_with('\\') && std::getline(lines, line)) {
                value.pop_back();
                value += line;
            }
        }
    }
    return value;
}

ServiceFact service_of(const MemoryTree& tree, const std::string& unit, const std::string& package,
                       bool enabled) {
    ServiceFact service;
    service.unit = unit;
    service.package = package == "-" ? "" : package;
    service.enabled = enabled;
    const std::size_t at = unit.find('@');
    const std::string file =
        at == std::string::npos ? unit : unit.substr(0, at + 1) + unit.substr(unit.rfind('.'));
    for (const std::string folder : {"/etc/systemd/system/", "/lib/systemd/system/"}) {
        const auto text = imagebuilder::read_if_there(tree, folder + file);
        if (text && service.command_line.empty()) {
            service.evidence.file = folder + file;
            service.command_line = unit_value(*text, "ExecStart");
            service.program = service.command_line.substr(0, service.command_line.find(' '));
            service.working_directory = unit_value(*text, "WorkingDirectory");
        }
    }
    return service;
}

std::string line_at(const MemoryTree& tree, const ValuePlace& place) {
    const auto text = imagebuilder::read_if_there(tree, place.file);
    std::istringstream lines(text.value_or(""));
    std::string line;
    for (int i = 0; i < place.line; ++i) {
        std::getline(lines, line);
    }
    const auto column = static_cast<std::size_t>(place.column - 1);
    return column > line.size() ? "" : line.substr(column, static_cast<std::size_t>(place.length));
}

std::string where(const assembler::Evidence& evidence) {
    return fmt::format("{}:{} {}", evidence.file, evidence.line, evidence.confidence);
}

}  // namespace

PluginMachine machine_of_text(const std::string& text) {
    PluginMachine machine{tree_of_text(text, "machine"), {}};
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line) && !line.starts_with("=== ");) {
        std::istringstream words(line);
        std::string what;
        std::string first;
        std::string second;
        std::string third;
        words >> what >> first >> second >> third;
        if (what == "package") {
            machine.facts.packages.push_back({first, second, "amd64"});
        } else if (what == "service") {
            machine.facts.services.push_back(
                service_of(machine.tree, first, second, third == "enabled"));
        } else if (what == "address") {
            machine.facts.interfaces.push_back({"eth0", "static", {first + "/24"}});
        } else if (what == "hostname") {
            machine.facts.os.hostname = first;
        }
    }
    return machine;
}

const std::vector<assembler::Plugin>& shipped_plugins() {
    static const std::vector<assembler::Plugin> plugins =
        assembler::load_plugins({MUSTER_SOURCE_DIR "/assembler/introspect/plugins"});
    return plugins;
}

FoundComponents find_in(const PluginMachine& machine) {
    FoundComponents found;
    found.components =
        assembler::find_components(machine.tree, machine.facts, shipped_plugins(), found.remarks);
    return found;
}

std::string to_text(const FoundComponents& found) {
    std::string text;
    for (const Component& component : found.components) {
        text += fmt::format("{} ({}){}{}{}\n", component.name, component.kind,
                            component.unit.empty() ? "" : " " + component.unit,
                            component.enabled ? "" : " disabled",
                            component.infrastructure ? " infrastructure" : "");
        for (const assembler::Input& input : component.inputs) {
            text += fmt::format("  in {} {} {}:{} {} places {}\n", input.name, input.protocol,
                                input.address, input.port, where(input.evidence),
                                input.port_places.size());
            for (const std::string& other : input.other_addresses) {
                text += fmt::format("    and {}\n", other);
            }
        }
        for (const assembler::Output& output : component.outputs) {
            text += fmt::format(
                "  out {} {} {}:{}{}{}{} {} places {}/{}\n", output.name, output.protocol,
                output.host, output.port, output.port_written ? "" : " (usual)",
                output.database.empty() ? "" : " " + output.database,
                output.local_component.empty() ? "" : " here " + output.local_component,
                where(output.evidence), output.host_places.size(), output.port_places.size());
        }
        for (const assembler::PropertyFact& property : component.properties) {
            text +=
                fmt::format("  set {}={}{}{}\n", property.key, property.value,
                            property.editable ? " editable" : "", property.secret ? " secret" : "");
        }
    }
    for (const assembler::Remark& remark : found.remarks) {
        text += fmt::format("remark {} {}:{}\n", remark.text, remark.evidence.file,
                            remark.evidence.line);
    }
    return text;
}

std::string wrong_places(const MemoryTree& tree, const std::vector<Component>& components) {
    std::string wrong;
    const auto check = [&](const ValuePlace& place, const std::string& value,
                           const std::string& name) {
        if (const std::string there = line_at(tree, place); there != value) {
            wrong += fmt::format("{}: '{}' at {}:{}:{} is '{}'\n", name, value, place.file,
                                 place.line, place.column, there);
        }
    };
    for (const Component& component : components) {
        for (const assembler::Input& input : component.inputs) {
            for (const ValuePlace& place : input.port_places) {
                check(place, std::to_string(input.port), component.name + " in " + input.name);
            }
        }
        for (const assembler::Output& output : component.outputs) {
            for (const ValuePlace& place : output.host_places) {
                check(place, output.host, component.name + " out " + output.name);
            }
            for (const ValuePlace& place : output.port_places) {
                check(place, std::to_string(output.port), component.name + " out " + output.name);
            }
        }
        for (const assembler::PropertyFact& property : component.properties) {
            if (!property.secret && property.places.size() == 1) {
                check(property.places[0], property.value, component.name + " " + property.key);
            }
        }
    }
    return wrong;
}

}  // namespace tests
