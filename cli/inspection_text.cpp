// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/byte_size.h"
#include "cli/package_summary.h"
#include "ovfkit/descriptor/envelope_queries.h"

namespace cli {

namespace {

using base::cli::printable;
using base::cli::printable_line;
using ovfkit::Envelope;
using ovfkit::VirtualSystem;

// One labelled line; further ones with an empty label stand below it.
void line(base::cli::Io& io, std::string_view label, const std::string& text) {
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

void print_products(const std::vector<ovfkit::ProductSection>& products, base::cli::Io& io) {
    for (const ovfkit::ProductSection& product : products) {
        if (!product.product.empty()) {
            line(io, "product", product_text(product));
        }
    }
}

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

void print_machine_section(const ovfkit::MachineSection& section, base::cli::Io& io) {
    if (section.count.minimum != 1 || section.count.maximum != 1) {
        line(io, "",
             fmt::format("  count {} ({} to {})", section.count.initial, section.count.minimum,
                         section.count.maximum));
    }
    if (section.ready) {
        line(io, "",
             printable_line(fmt::format("  ready when {} {}, within {} s",
                                        to_string(section.ready->kind), section.ready->target,
                                        section.ready->timeout.count())));
    }
    if (section.boot) {
        line(io, "", "  boots its kernel directly");
    }
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
    line(io, "machine",
         printable_line(fmt::format("{}: {}, {}{}", name, cpus_text(cpus_of(system, configuration)),
                                    base::format_byte_size(memory_bytes_of(system, configuration)),
                                    os)));
    if (std::get_if<VirtualSystem>(&*envelope.content) != &system) {
        for (const ovfkit::ProductSection& product : system.products) {
            if (!product.product.empty()) {
                line(io, "", "  product " + product_text(product));
            }
        }
    }
    for (const ovfkit::AttachedDisk& disk : disks_of(envelope, system, configuration)) {
        line(io, "", "  " + disk_text(disk));
    }
    for (const ovfkit::AttachedNic& nic : nics_of(system, configuration)) {
        const std::string mac = nic.mac.empty() ? "" : " with address " + nic.mac;
        line(io, "",
             printable_line(fmt::format("  nic   {}{}",
                                        nic.network.empty() ? "not connected" : nic.network, mac)));
    }
    if (system.machine) {
        print_machine_section(*system.machine, io);
    }
    for (const ovfkit::EffectiveProperty& property : properties_of(system, configuration)) {
        line(io, "", "  property " + property_text(property));
    }
}

void print_networks(const Envelope& envelope, base::cli::Io& io) {
    for (const ovfkit::Network& network : envelope.networks) {
        std::string text = network.name;
        text += is_isolated(envelope, network.name) ? " (isolated)" : "";
        text += network.description.empty() ? "" : "  " + network.description;
        line(io, "network", printable_line(text));
    }
}

// "db, then app + cache (5 s later)": machines of the same order start together.
std::string startup_text(const std::vector<ovfkit::StartupItem>& items) {
    std::map<std::uint32_t, std::vector<std::string>> waves;
    for (const ovfkit::StartupItem& item : items) {
        std::string text = item.id;
        if (item.start_action == "none") {
            text += " (not started)";
        } else if (item.waiting_for_guest) {
            text += " (until its guest is ready)";
        } else if (item.start_delay_seconds > 0) {
            text += fmt::format(" (then {} s)", item.start_delay_seconds);
        }
        waves[item.order].push_back(text);
    }
    std::vector<std::string> texts;
    for (const auto& [order, machines] : waves) {
        texts.push_back(fmt::format("{}", fmt::join(machines, " + ")));
    }
    return printable_line(fmt::format("{}", fmt::join(texts, ", then ")));
}

void print_collection(const ovfkit::VirtualSystemCollection& collection, base::cli::Io& io) {
    if (!collection.startup.empty()) {
        line(io, "start", startup_text(collection.startup));
    }
    if (!collection.assembly) {
        return;
    }
    for (const ovfkit::Publish& publish : collection.assembly->publish) {
        const std::string host =
            publish.host_port ? fmt::format("port {}", *publish.host_port) : "a free port";
        line(io, "published",
             printable_line(fmt::format("{} of {}, port {}, on {} of the host",
                                        publish.name.empty() ? "a service" : publish.name,
                                        publish.machine, publish.port, host)));
    }
}

void print_configurations(const Envelope& envelope, base::cli::Io& io) {
    const std::string chosen = default_configuration(envelope);
    for (const ovfkit::DeploymentConfiguration& configuration : envelope.configurations) {
        line(io, "size",
             printable_line(fmt::format("{}{}  {}", configuration.id,
                                        configuration.id == chosen ? " (default)" : "",
                                        configuration.label)));
    }
}

void print_licences(const std::vector<ovfkit::Eula>& eulas, base::cli::Io& io) {
    for (const ovfkit::Eula& eula : eulas) {
        const auto lines = std::count(eula.license.begin(), eula.license.end(), '\n') + 1;
        line(io, "licence", fmt::format("to be accepted: {} lines, see --json", lines));
    }
}

void print_files(const ovfkit::Inspection& inspection, base::cli::Io& io) {
    if (inspection.package) {
        for (const ovfkit::PackageMember& member : inspection.package->members) {
            line(io, "file",
                 fmt::format("{:>10}  {}", base::format_byte_size(member.size),
                             printable_line(member.name)));
        }
        return;
    }
    for (const ovfkit::FileReference& file : inspection.envelope.files) {
        line(io, "file",
             fmt::format("{:>10}  {}", file.size ? base::format_byte_size(*file.size) : "?",
                         printable_line(file.href)));
    }
}

}  // namespace

void print_inspection(const ovfkit::Inspection& inspection, base::cli::Io& io) {
    const Envelope& envelope = inspection.envelope;
    const std::string configuration = default_configuration(envelope);
    line(io, "name", printable_line(envelope.name));
    line(io, "descriptor",
         printable_line(fmt::format("{}, OVF {}", inspection.descriptor_name, envelope.version)));
    for (const auto* collection : all_collections(envelope)) {
        print_products(collection->products, io);
        print_licences(collection->eulas, io);
    }
    const std::vector<const VirtualSystem*> systems = all_systems(envelope);
    if (envelope.content && std::holds_alternative<VirtualSystem>(*envelope.content)) {
        print_products(systems.front()->products, io);
    }
    for (const VirtualSystem* system : systems) {
        print_licences(system->eulas, io);
        print_machine(envelope, *system, configuration, io);
    }
    print_networks(envelope, io);
    for (const auto* collection : all_collections(envelope)) {
        print_collection(*collection, io);
    }
    print_configurations(envelope, io);
    print_files(inspection, io);
    if (inspection.package) {
        print_verdict(*inspection.package, io);
    }
}

}  // namespace cli
