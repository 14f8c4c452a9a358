// SPDX-License-Identifier: Apache-2.0
#include "cli/machine_text.h"

#include <functional>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/byte_size.h"
#include "ovfkit/descriptor/envelope_queries.h"

namespace cli {

namespace {

using base::cli::printable_line;
using ovfkit::Envelope;
using ovfkit::VirtualSystem;

std::string disk_text(const ovfkit::AttachedDisk& disk) {
    std::string text = disk.is_cdrom ? "cdrom" : "disk ";
    if (disk.disk != nullptr) {
        const ovfkit::Disk& known = *disk.disk;
        text +=
            known.capacity_property.empty()
                ? fmt::format(" {}", base::format_byte_size(known.capacity_bytes))
                : fmt::format(" of the size that the property '{}' says", known.capacity_property);
    }
    if (disk.file != nullptr) {
        text += fmt::format(" from '{}'", disk.file->href);
    } else if (disk.disk != nullptr || disk.is_cdrom) {
        text += disk.is_cdrom ? " empty" : " blank";
    }
    if (disk.disk != nullptr && !disk.disk->parent_ref.empty()) {
        text += fmt::format(", a delta of disk '{}'", disk.disk->parent_ref);
    }
    return printable_line(text);
}

std::string property_text(const ovfkit::EffectiveProperty& one) {
    const ovfkit::Property& property = *one.property;
    std::string text = one.key;
    if (property.password) {
        text += one.has_value && !one.value.empty() ? " = (hidden)" : "";
    } else if (one.has_value) {
        text += fmt::format(" = \"{}\"", one.value);
    }
    std::vector<std::string> remarks{property.password ? "password" : property.type};
    if (!property.qualifiers.empty() && property.qualifiers.size() <= 60) {
        remarks.push_back(property.qualifiers);
    }
    if (property.user_configurable) {
        remarks.emplace_back("can be set");
    }
    if (property.required) {
        remarks.emplace_back("required");
    }
    if (property.generate_length > 0) {
        remarks.emplace_back("generated");
    }
    if (!property.value_template.empty()) {
        remarks.push_back("filled in from " + property.value_template);
    }
    text += fmt::format("  ({})", fmt::join(remarks, ", "));
    return printable_line(property.label.empty() ? text : text + "  " + property.label);
}

std::string cpus_text(std::uint32_t count) {
    return count == 1 ? "1 cpu" : fmt::format("{} cpus", count);
}

// "input http, port 80", "input http, port of http.port", "output db (postgresql) to db.postgresql
// by back: db.host, db.port".
std::string endpoint_line(const ovfkit::Endpoint& endpoint) {
    const bool is_input = endpoint.direction == ovfkit::Endpoint::Direction::input;
    std::string text = fmt::format("  {} {}", is_input ? "input " : "output", endpoint.name);
    if (!endpoint.protocol.empty() && endpoint.protocol != endpoint.name) {
        text += fmt::format(" ({})", endpoint.protocol);
    }
    if (is_input) {
        return text + (endpoint.port ? fmt::format(", port {}", *endpoint.port)
                                     : fmt::format(", port of {}", endpoint.port_property));
    }
    if (endpoint.machine.empty()) {
        text += ", not connected";
    } else {
        text += fmt::format(" to {}{}{}", endpoint.machine, endpoint.input.empty() ? "" : ".",
                            endpoint.input);
        text += endpoint.network.empty() ? "" : " by " + endpoint.network;
    }
    std::vector<std::string> keys{endpoint.host_property, endpoint.port_property};
    std::erase(keys, "");
    return keys.empty() ? text : text + fmt::format(": {}", fmt::join(keys, ", "));
}

void print_machine_section(const ovfkit::MachineSection& section, base::cli::Io& io) {
    if (section.count.minimum != 1 || section.count.maximum != 1) {
        print_line(io, "",
                   fmt::format("  count {} ({} to {})", section.count.initial,
                               section.count.minimum, section.count.maximum));
    }
    if (section.ready) {
        print_line(io, "",
                   printable_line(fmt::format("  ready when {} {}, within {} s",
                                              to_string(section.ready->kind), section.ready->target,
                                              section.ready->timeout.count())));
    }
    if (section.boot) {
        print_line(io, "", "  boots its kernel directly");
    }
    for (const ovfkit::Endpoint& endpoint : section.endpoints) {
        print_line(io, "", printable_line(endpoint_line(endpoint)));
    }
}

// "2 cpus at least, 8 at most"
std::string limits_text(const ovfkit::QuantityRange& range, std::string_view what,
                        const std::function<std::string(std::uint64_t)>& amount) {
    if (!range.minimum && !range.maximum) {
        return "";
    }
    std::vector<std::string> parts;
    if (range.minimum) {
        parts.push_back(fmt::format("{} at least", amount(*range.minimum)));
    }
    if (range.maximum) {
        parts.push_back(fmt::format("{} at most", amount(*range.maximum)));
    }
    return fmt::format("{}: {}", what, fmt::join(parts, ", "));
}

std::string firmware_text(const ovfkit::Firmware& firmware) {
    std::string text;
    if (firmware.kind != ovfkit::Firmware::Kind::unspecified) {
        text = fmt::format("firmware {}", to_string(firmware.kind));
        text += firmware.secure_boot ? " with secure boot" : "";
    }
    if (!firmware.tpm.empty()) {
        text += fmt::format("{}TPM {}", text.empty() ? "" : ", ", firmware.tpm);
    }
    return text;
}

// The parts that only some machines have.
std::vector<std::string> remarks_on(const Envelope& envelope, const VirtualSystem& system,
                                    const std::string& configuration) {
    std::vector<std::string> remarks{
        limits_text(cpu_range_of(system, configuration), "processors",
                    [](std::uint64_t count) { return std::to_string(count); }),
        limits_text(memory_range_of(system, configuration), "memory", base::format_byte_size),
        firmware_text(firmware_of(system))};
    if (system.hardware.size() > 1) {
        std::vector<std::string> types;
        for (const ovfkit::HardwareSection& section : system.hardware) {
            const bool chosen = &section == chosen_hardware(system);
            types.push_back(fmt::format("{}{}", fmt::join(section.system_types, " "),
                                        chosen ? " (chosen)" : ""));
        }
        remarks.push_back(fmt::format("hardware for {}", fmt::join(types, ", ")));
    }
    const ovfkit::MachineCount count = count_of(envelope, system);
    if (!system.machine && count != ovfkit::MachineCount{}) {
        remarks.push_back(
            fmt::format("count {} ({} to {})", count.initial, count.minimum, count.maximum));
    }
    if (system.install && system.install->initial_boot) {
        remarks.emplace_back("installs itself at its first boot");
    }
    for (const ovfkit::BootConfiguration& one : system.boot_configurations) {
        std::vector<std::string> sources;
        for (const ovfkit::BootSource& source : one.sources) {
            sources.push_back(source.caption.empty() ? source.boot_string : source.caption);
        }
        remarks.push_back(fmt::format("boots from {}", fmt::join(sources, ", then ")));
    }
    if (system.placement && !system.placement->group.empty()) {
        remarks.push_back("placed in group " + system.placement->group);
    }
    std::erase(remarks, "");
    return remarks;
}

}  // namespace

void print_line(base::cli::Io& io, std::string_view label, const std::string& text) {
    io.out << fmt::format("{:<10} {}\n", label, text);
}

std::string product_text(const ovfkit::ProductSection& product) {
    std::string text = product.product;
    const std::string& version = product.version.empty() ? product.full_version : product.version;
    if (!version.empty()) {
        text += " " + version;
    }
    if (!product.vendor.empty()) {
        text += " by " + product.vendor;
    }
    if (!product.product_url.empty()) {
        text += ", " + product.product_url;
    }
    return printable_line(text);
}

void print_machine(const Envelope& envelope, const VirtualSystem& system,
                   const std::string& configuration, base::cli::Io& io) {
    std::string os;
    if (system.os) {
        os = system.os->description.empty()
                 ? fmt::format(", operating system number {}", system.os->id)
                 : ", " + system.os->description;
    }
    const std::string name = system.name.empty() || system.name == system.id
                                 ? system.id
                                 : fmt::format("{} ({})", system.id, system.name);
    print_line(io, "machine",
               printable_line(fmt::format(
                   "{}: {}, {}{}", name, cpus_text(cpus_of(system, configuration)),
                   base::format_byte_size(memory_bytes_of(system, configuration)), os)));
    if (std::get_if<VirtualSystem>(&*envelope.content) != &system) {
        for (const ovfkit::ProductSection& product : system.products) {
            if (!product.product.empty()) {
                print_line(io, "", "  product " + product_text(product));
            }
        }
    }
    for (const ovfkit::AttachedDisk& disk : disks_of(envelope, system, configuration)) {
        print_line(io, "", "  " + disk_text(disk));
    }
    for (const ovfkit::AttachedNic& nic : nics_of(system, configuration)) {
        const std::string mac = nic.mac.empty() ? "" : " with address " + nic.mac;
        print_line(io, "",
                   printable_line(fmt::format(
                       "  nic   {}{}", nic.network.empty() ? "not connected" : nic.network, mac)));
    }
    if (system.machine) {
        print_machine_section(*system.machine, io);
    }
    for (const std::string& text : remarks_on(envelope, system, configuration)) {
        print_line(io, "", printable_line("  " + text));
    }
    for (const ovfkit::EffectiveProperty& property : properties_of(system, configuration)) {
        print_line(io, "", "  property " + property_text(property));
    }
}

}  // namespace cli
