// SPDX-License-Identifier: Apache-2.0
// Our own sections: ovfkit/doc/muster-ovf-1.xsd is their schema.
#include "ovfkit/descriptor/write/writing.h"

namespace ovfkit {

namespace {

void write_endpoint(xml::Writer& writer, const Endpoint& endpoint) {
    writer.open("muster:Endpoint");
    writer.flag("ovf:required", false);  // older readers know none
    writer.attribute("muster:direction", to_string(endpoint.direction));
    writer.attribute("muster:name", endpoint.name);
    if (endpoint.port) {
        writer.attribute("muster:port", std::uint64_t{*endpoint.port});
    }
    for (const auto& [name, value] : {std::pair{"muster:protocol", &endpoint.protocol},
                                      {"muster:portProperty", &endpoint.port_property},
                                      {"muster:hostProperty", &endpoint.host_property},
                                      {"muster:machine", &endpoint.machine},
                                      {"muster:input", &endpoint.input},
                                      {"muster:network", &endpoint.network}}) {
        if (!value->empty()) {
            writer.attribute(name, *value);
        }
    }
    writer.close();
}

}  // namespace

void write_machine_section(xml::Writer& writer, const MachineSection& section) {
    writer.open("muster:MachineSection");
    writer.flag("ovf:required", false);
    writer.element("Info", "How muster boots the machine, and when it is ready");
    if (section.boot) {
        writer.open("muster:Boot");
        writer.attribute("muster:kernel", section.boot->kernel_file);
        if (!section.boot->initrd_file.empty()) {
            writer.attribute("muster:initrd", section.boot->initrd_file);
        }
        if (!section.boot->command_line.empty()) {
            writer.attribute("muster:cmdline", section.boot->command_line);
        }
        writer.close();
    }
    if (section.ready) {
        writer.open("muster:Ready");
        writer.attribute("muster:kind", to_string(section.ready->kind));
        writer.attribute("muster:target", section.ready->target);
        writer.attribute("muster:timeout",
                         static_cast<std::uint64_t>(section.ready->timeout.count()));
        writer.close();
    }
    writer.open("muster:Count");
    writer.attribute("muster:initial", std::uint64_t{section.count.initial});
    writer.attribute("muster:minimum", std::uint64_t{section.count.minimum});
    writer.attribute("muster:maximum", std::uint64_t{section.count.maximum});
    writer.close();
    for (const Endpoint& endpoint : section.endpoints) {
        write_endpoint(writer, endpoint);
    }
    writer.close();
}

void write_assembly_section(xml::Writer& writer, const AssemblySection& section) {
    writer.open("muster:AssemblySection");
    writer.flag("ovf:required", false);
    writer.attribute("muster:name", section.name);
    if (!section.version.empty()) {
        writer.attribute("muster:version", section.version);
    }
    writer.element("Info", "What muster publishes of the assembly");
    for (const std::string& network : section.isolated_networks) {
        writer.open("muster:Network");
        writer.attribute("muster:name", network);
        writer.flag("muster:isolated", true);
        writer.close();
    }
    for (const Publish& publish : section.publish) {
        writer.open("muster:Publish");
        writer.attribute("muster:machine", publish.machine);
        writer.attribute("muster:port", std::uint64_t{publish.port});
        if (!publish.name.empty()) {
            writer.attribute("muster:as", publish.name);
        }
        if (publish.host_port) {
            writer.attribute("muster:hostPort", std::uint64_t{*publish.host_port});
        }
        writer.close();
    }
    writer.close();
}

}  // namespace ovfkit
