// SPDX-License-Identifier: Apache-2.0
#include "assembler/assembly_file.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "assembler/property_file.h"
#include "assembler/schema/complete_assembly.h"
#include "base/byte_size.h"
#include "base/error.h"
#include "base/file.h"
#include "base/yaml.h"

namespace assembler {

namespace {

using base::YamlKeys;
using base::YamlNode;

constexpr std::int64_t kFormat = 1;
constexpr std::int64_t kMaxCpus = 1024;
constexpr std::int64_t kMaxCount = 1000;

// What YAML's parse functions throw gets the place of the value.
template <typename Parse>
auto at(const YamlNode& node, const Parse& parse) {
    try {
        return parse();
    } catch (const base::Error& error) {
        node.fail(error.message(), error.hint());
    }
}

// A name that is a host name too: machines are found by it in DNS.
std::string host_name_of(const YamlNode& node, const std::string& name, std::string_view what) {
    const bool good = !name.empty() && name.size() <= 63 && name.front() != '-' &&
                      name.back() != '-' &&
                      std::all_of(name.begin(), name.end(), [](unsigned char c) {
                          return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '-';
                      });
    if (!good) {
        node.fail(fmt::format("'{}' cannot be the name of {}", name, what),
                  "use up to 63 lower-case letters, digits and '-'");
    }
    return name;
}

std::uint64_t size_of(const YamlNode& node, std::uint64_t minimum, std::string_view what) {
    const std::uint64_t bytes = at(node, [&] { return base::parse_byte_size(node.as_string()); });
    if (bytes < minimum || bytes % 512 != 0) {
        node.fail(fmt::format("'{}' is no usable size of {}", node.as_string(), what),
                  fmt::format("give at least {}", base::format_byte_size(minimum)));
    }
    return bytes;
}

std::int64_t int_between(const YamlNode& node, std::int64_t low, std::int64_t high) {
    const std::int64_t value = node.as_int();
    if (value < low || value > high) {
        node.fail(fmt::format("{} is not between {} and {}", value, low, high));
    }
    return value;
}

std::string string_or_empty(YamlKeys& keys, std::string_view key) {
    const auto node = keys.find(key);
    return node ? node->as_string() : "";
}

std::vector<std::string> strings_of(const std::optional<YamlNode>& node) {
    std::vector<std::string> strings;
    if (node) {
        for (const YamlNode& one : node->as_sequence()) {
            strings.push_back(one.as_string());
        }
    }
    return strings;
}

AssemblyProduct product_of(const YamlNode& node) {
    YamlKeys keys(node, "product");
    AssemblyProduct product{string_or_empty(keys, "name"), string_or_empty(keys, "vendor"),
                            string_or_empty(keys, "url")};
    keys.finish();
    return product;
}

std::vector<AssemblyNetwork> networks_of(const YamlNode& node) {
    std::vector<AssemblyNetwork> networks;
    for (const auto& [name, value] : node.as_map()) {
        AssemblyNetwork network;
        network.name = host_name_of(value, name, "a network");
        if (value.type() != YamlNode::Type::null) {
            YamlKeys keys(value, fmt::format("network '{}'", name));
            const auto isolated = keys.find("isolated");
            network.isolated = isolated && isolated->as_bool();
            network.description = string_or_empty(keys, "description");
            keys.finish();
        }
        networks.push_back(std::move(network));
    }
    return networks;
}

ovfkit::MachineCount count_of(const YamlNode& node) {
    const auto number = [](const YamlNode& one) {
        return static_cast<std::uint32_t>(int_between(one, 0, kMaxCount));
    };
    if (node.type() == YamlNode::Type::scalar) {
        const std::uint32_t fixed = number(node);
        return {fixed, fixed, fixed};
    }
    YamlKeys keys(node, "count");
    const auto initial = keys.find("default");
    const auto minimum = keys.find("min");
    const auto maximum = keys.find("max");
    keys.finish();
    ovfkit::MachineCount count;
    count.initial = initial ? number(*initial) : 1;
    count.minimum = minimum ? number(*minimum) : std::min(count.initial, 1U);
    count.maximum = maximum ? number(*maximum) : count.initial;
    if (count.minimum > count.initial || count.initial > count.maximum || count.maximum == 0) {
        node.fail(fmt::format("a count with min {}, default {} and max {} cannot be", count.minimum,
                              count.initial, count.maximum));
    }
    return count;
}

// "5432", ":80/", ":8080/health": the forms that hvruntime probes.
void check_probe(const YamlNode& node, const ovfkit::Readiness& ready) {
    std::string port = ready.target;
    if (ready.kind == ovfkit::Readiness::Kind::http) {
        const std::size_t slash = port.find('/');
        if (!port.starts_with(':') || slash == std::string::npos) {
            node.fail(fmt::format("'{}' is no place to ask for by HTTP", ready.target),
                      "write a port and a path, such as \":8080/health\"");
        }
        port = port.substr(1, slash - 1);
    }
    const bool digits = !port.empty() && port.size() <= 5 &&
                        port.find_first_not_of("0123456789") == std::string::npos;
    if (!digits || std::stoul(port) == 0 || std::stoul(port) > 65'535) {
        node.fail(fmt::format("'{}' is not a port", port));
    }
}

ovfkit::Readiness readiness_of(const YamlNode& node) {
    using Kind = ovfkit::Readiness::Kind;
    YamlKeys keys(node, "ready");
    ovfkit::Readiness ready;
    int forms = 0;
    for (const Kind kind : {Kind::key, Kind::tcp, Kind::http}) {
        if (const auto target = keys.find(to_string(kind))) {
            ready.kind = kind;
            ready.target = target->as_string();
            ++forms;
            if (kind != Kind::key) {
                check_probe(*target, ready);
            }
        }
    }
    if (const auto timeout = keys.find("timeout")) {
        const auto ms = at(*timeout, [&] { return base::parse_duration_ms(timeout->as_string()); });
        ready.timeout = std::chrono::seconds((ms + 999) / 1000);
        if (ready.timeout.count() < 1 || ready.timeout.count() > 86'400) {
            timeout->fail("a timeout is between 1 second and 24 hours");
        }
    }
    keys.finish();
    if (forms != 1 || ready.target.empty()) {
        node.fail("ready needs exactly one of key, tcp and http");
    }
    return ready;
}

// "db", "db.postgresql", or { to: db.postgresql, network: back }.
AssemblyConnection connection_of(const std::string& output, const YamlNode& node) {
    AssemblyConnection connection;
    connection.output = output;
    connection.where = node.where();
    std::string target;
    if (node.type() == YamlNode::Type::map) {
        YamlKeys keys(node, fmt::format("connection '{}'", output));
        target = keys.require("to").as_string();
        connection.network = string_or_empty(keys, "network");
        keys.finish();
    } else {
        target = node.as_string();
    }
    const std::size_t dot = target.find('.');
    connection.machine = target.substr(0, dot);
    connection.input = dot == std::string::npos ? "" : target.substr(dot + 1);
    if (connection.machine.empty() || (dot != std::string::npos && connection.input.empty())) {
        node.fail(fmt::format("'{}' is no end of a connection", target),
                  "write MACHINE or MACHINE.INPUT");
    }
    return connection;
}

ovfkit::Firmware::Kind firmware_kind_of(const YamlNode& node) {
    for (const auto kind : {ovfkit::Firmware::Kind::bios, ovfkit::Firmware::Kind::efi}) {
        if (node.as_string() == to_string(kind)) {
            return kind;
        }
    }
    node.fail(fmt::format("'{}' is not a firmware", node.as_string()), "write 'bios' or 'efi'");
}

AssemblyMachine machine_of(const std::string& name, const YamlNode& node) {
    AssemblyMachine machine;
    machine.name = host_name_of(node, name, "a machine");
    YamlKeys keys(node, fmt::format("machine '{}'", name));
    machine.image = keys.require("image").as_string();
    machine.description = string_or_empty(keys, "description");
    if (const auto cpus = keys.find("cpus")) {
        machine.cpus = static_cast<std::uint32_t>(int_between(*cpus, 1, kMaxCpus));
    }
    if (const auto memory = keys.find("memory")) {
        machine.memory_bytes = size_of(*memory, 32 * base::kMiB, "memory");
    }
    if (const auto firmware = keys.find("firmware")) {
        machine.firmware = firmware_kind_of(*firmware);
    }
    if (const auto disk = keys.find("disk")) {
        machine.disk_bytes = size_of(*disk, base::kMiB, "a disk");
    }
    machine.networks = strings_of(keys.find("networks"));
    machine.after = strings_of(keys.find("after"));
    if (const auto count = keys.find("count")) {
        machine.count = count_of(*count);
    }
    if (const auto properties = keys.find("properties")) {
        machine.properties = parse_properties(*properties);
    }
    if (const auto connect = keys.find("connect")) {
        for (const auto& [output, target] : connect->as_map()) {
            machine.connections.push_back(connection_of(output, target));
        }
    }
    if (const auto ready = keys.find("ready")) {
        machine.ready = readiness_of(*ready);
    }
    keys.finish();
    return machine;
}

std::vector<ovfkit::Publish> publish_of(const YamlNode& node) {
    std::vector<ovfkit::Publish> all;
    for (const YamlNode& one : node.as_sequence()) {
        YamlKeys keys(one, "publish entry");
        ovfkit::Publish publish;
        publish.machine = keys.require("machine").as_string();
        publish.port = static_cast<std::uint16_t>(int_between(keys.require("port"), 1, 65'535));
        publish.name = string_or_empty(keys, "as");
        if (const auto host_port = keys.find("host_port")) {
            publish.host_port = static_cast<std::uint16_t>(int_between(*host_port, 1, 65'535));
        }
        keys.finish();
        all.push_back(std::move(publish));
    }
    return all;
}

MachineOverride override_of(const std::string& machine, const YamlNode& node) {
    MachineOverride change;
    change.machine = machine;
    YamlKeys keys(node, fmt::format("configuration of machine '{}'", machine));
    if (const auto cpus = keys.find("cpus")) {
        change.cpus = static_cast<std::uint32_t>(int_between(*cpus, 1, kMaxCpus));
    }
    if (const auto memory = keys.find("memory")) {
        change.memory_bytes = size_of(*memory, 32 * base::kMiB, "memory");
    }
    keys.finish();
    return change;
}

std::vector<AssemblyConfiguration> configurations_of(const YamlNode& node) {
    std::vector<AssemblyConfiguration> all;
    for (const auto& [name, value] : node.as_map()) {
        AssemblyConfiguration configuration;
        configuration.name = host_name_of(value, name, "a configuration");
        const bool empty = value.type() == YamlNode::Type::null;
        for (const auto& [key, inner] : empty ? decltype(value.as_map()){} : value.as_map()) {
            if (key == "default") {
                configuration.is_default = inner.as_bool();
            } else if (key == "description") {
                configuration.description = inner.as_string();
            } else {
                configuration.overrides.push_back(override_of(key, inner));
            }
        }
        all.push_back(std::move(configuration));
    }
    return all;
}

Assembly assembly_of(const YamlNode& root) {
    YamlKeys keys(root, "assembly");
    const YamlNode format = keys.require("muster");
    if (format.as_int() != kFormat) {
        format.fail(fmt::format("assembly files of format {} are not known", format.as_int()),
                    "this muster reads format 1; is it older than the file?");
    }
    Assembly assembly;
    const YamlNode name = keys.require("name");
    assembly.name = host_name_of(name, name.as_string(), "an assembly");
    assembly.version = string_or_empty(keys, "version");
    assembly.description = string_or_empty(keys, "description");
    assembly.eula = string_or_empty(keys, "eula");
    if (const auto product = keys.find("product")) {
        assembly.product = product_of(*product);
    }
    if (const auto networks = keys.find("networks")) {
        assembly.networks = networks_of(*networks);
    }
    const YamlNode machines = keys.require("machines");
    for (const auto& [machine, value] : machines.as_map()) {
        assembly.machines.push_back(machine_of(machine, value));
    }
    if (const auto publish = keys.find("publish")) {
        assembly.publish = publish_of(*publish);
    }
    if (const auto configurations = keys.find("configurations")) {
        assembly.configurations = configurations_of(*configurations);
    }
    keys.finish();
    if (assembly.machines.empty()) {
        machines.fail("an assembly needs at least one machine");
    }
    return assembly;
}

void require_no_faults(std::vector<std::string> faults, const std::string& name) {
    if (faults.empty()) {
        return;
    }
    const bool has_place = faults.front().starts_with(name + ":");
    throw base::Error(base::ErrorKind::invalid_input,
                      fmt::format("{}{}", has_place ? "" : name + ": ", fmt::join(faults, "; ")));
}

}  // namespace

Assembly parse_assembly(std::string_view text, const std::string& name) {
    Assembly assembly = assembly_of(base::parse_yaml(text, name));
    require_no_faults(check_assembly(assembly), name);
    return assembly;
}

Assembly load_assembly(const std::filesystem::path& location, const ImageSchemas& schemas) {
    const auto file =
        std::filesystem::is_directory(location) ? location / "assembly.yaml" : location;
    Assembly assembly = assembly_of(base::parse_yaml(base::read_file(file), file.string()));
    assembly.folder = std::filesystem::absolute(file).parent_path();
    SchemaFindings findings = complete_assembly(assembly, schemas);
    assembly.warnings = std::move(findings.warnings);
    for (std::string& fault : check_assembly(assembly)) {
        findings.faults.push_back(std::move(fault));
    }
    require_no_faults(std::move(findings.faults), file.string());
    return assembly;
}

}  // namespace assembler
