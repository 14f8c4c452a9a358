// SPDX-License-Identifier: Apache-2.0
// Our own sections, namespace urn:muster:ovf:1.
#include <algorithm>

#include <fmt/format.h>

#include "ovfkit/descriptor/read/reading.h"

namespace ovfkit {

namespace {

std::uint64_t number_or(Reading& reading, const xml::Element& element, std::string_view attribute,
                        std::uint64_t fallback, std::uint64_t limit) {
    const auto value = reading.number(element, attribute);
    if (value && *value > limit) {
        reading.error(element.place, "bad-number",
                      fmt::format("the attribute '{}' of {} is over {}", attribute,
                                  element.local_name, limit));
        return fallback;
    }
    return value.value_or(fallback);
}

Readiness read_readiness(Reading& reading, const xml::Element& element) {
    Readiness ready;
    const std::string kind = reading.require(element, "kind", "Ready");
    ready.kind = kind == "tcp"    ? Readiness::Kind::tcp
                 : kind == "http" ? Readiness::Kind::http
                                  : Readiness::Kind::key;
    if (!kind.empty() && kind != to_string(ready.kind)) {
        reading.error(element.place, "bad-readiness",
                      fmt::format("a readiness of kind '{}' is not key, tcp or http", kind));
    }
    ready.target = reading.require(element, "target", "Ready");
    ready.timeout = std::chrono::seconds(number_or(reading, element, "timeout", 300, 86'400));
    return ready;
}

MachineCount read_count(Reading& reading, const xml::Element& element) {
    const auto get = [&](std::string_view attribute) {
        return static_cast<std::uint32_t>(number_or(reading, element, attribute, 1, 1000));
    };
    return {get("initial"), get("minimum"), get("maximum")};
}

Endpoint read_endpoint(Reading& reading, const xml::Element& element) {
    const auto text = [&](std::string_view attribute) {
        return std::string(element.find_attribute(attribute).value_or(""));
    };
    Endpoint endpoint;
    const std::string direction = reading.require(element, "direction", "Endpoint");
    endpoint.direction =
        direction == "output" ? Endpoint::Direction::output : Endpoint::Direction::input;
    if (!direction.empty() && direction != to_string(endpoint.direction)) {
        reading.error(
            element.place, "bad-endpoint",
            fmt::format("an endpoint of direction '{}' is neither input nor output", direction));
    }
    endpoint.name = reading.require(element, "name", "Endpoint");
    endpoint.protocol = text("protocol");
    if (element.find_attribute("port")) {
        endpoint.port = static_cast<std::uint16_t>(number_or(reading, element, "port", 0, 65'535));
    }
    endpoint.port_property = text("portProperty");
    endpoint.host_property = text("hostProperty");
    endpoint.machine = text("machine");
    endpoint.input = text("input");
    endpoint.network = text("network");
    return endpoint;
}

Publish read_publish(Reading& reading, const xml::Element& element) {
    const auto port_of = [&](std::string_view attribute) {
        return static_cast<std::uint16_t>(number_or(reading, element, attribute, 0, 65'535));
    };
    Publish publish;
    publish.machine = reading.require(element, "machine", "Publish");
    publish.port = port_of("port");
    publish.name = element.find_attribute("as").value_or("");
    if (element.find_attribute("hostPort")) {
        publish.host_port = port_of("hostPort");
    }
    return publish;
}

}  // namespace

MachineSection read_machine_section(Reading& reading, const xml::Element& element) {
    reading.check_children(element, {"Info", "Boot", "Ready", "Count", "Endpoint"});
    MachineSection section;
    section.place = element.place;
    if (const xml::Element* boot = element.find_child("Boot")) {
        section.boot = DirectBoot{reading.require(*boot, "kernel", "Boot"),
                                  std::string(boot->find_attribute("initrd").value_or("")),
                                  std::string(boot->find_attribute("cmdline").value_or(""))};
    }
    if (const xml::Element* ready = element.find_child("Ready")) {
        section.ready = read_readiness(reading, *ready);
    }
    if (const xml::Element* count = element.find_child("Count")) {
        section.count = read_count(reading, *count);
    }
    for (const xml::Element& child : element.children) {
        if (child.local_name == "Endpoint") {
            section.endpoints.push_back(read_endpoint(reading, child));
        }
    }
    return section;
}

AssemblySection read_assembly_section(Reading& reading, const xml::Element& element) {
    reading.check_children(element, {"Info", "Network", "Publish"});
    AssemblySection section;
    section.place = element.place;
    section.name = reading.require(element, "name", "AssemblySection");
    section.version = element.find_attribute("version").value_or("");
    for (const xml::Element& child : element.children) {
        if (child.local_name == "Publish") {
            section.publish.push_back(read_publish(reading, child));
        } else if (child.local_name == "Network" && reading.boolean(child, "isolated", false)) {
            section.isolated_networks.push_back(
                reading.require(child, "name", "Network of the AssemblySection"));
        }
    }
    return section;
}

}  // namespace ovfkit
