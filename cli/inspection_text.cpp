// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/byte_size.h"
#include "cli/machine_text.h"
#include "cli/package_summary.h"
#include "ovfkit/descriptor/envelope_queries.h"
#include "ovfkit/descriptor/messages/localise.h"

namespace cli {

namespace {

using base::cli::printable;
using base::cli::printable_line;
using ovfkit::Envelope;
using ovfkit::VirtualSystem;

void print_products(const std::vector<ovfkit::ProductSection>& products, base::cli::Io& io) {
    for (const ovfkit::ProductSection& product : products) {
        if (!product.product.empty()) {
            print_line(io, "product", product_text(product));
        }
    }
}

void print_networks(const Envelope& envelope, base::cli::Io& io) {
    for (const ovfkit::Network& network : envelope.networks) {
        std::string text = network.name;
        text += is_isolated(envelope, network.name) ? " (isolated)" : "";
        text += network.description.empty() ? "" : "  " + network.description;
        print_line(io, "network", printable_line(text));
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
        print_line(io, "start", startup_text(collection.startup));
    }
}

void print_published(const ovfkit::AssemblySection& assembly, base::cli::Io& io) {
    for (const ovfkit::Publish& publish : assembly.publish) {
        const std::string host =
            publish.host_port ? fmt::format("port {}", *publish.host_port) : "a free port";
        print_line(io, "published",
                   printable_line(fmt::format("{} of {}, port {}, on {} of the host",
                                              publish.name.empty() ? "a service" : publish.name,
                                              publish.machine, publish.port, host)));
    }
}

void print_configurations(const Envelope& envelope, const std::string& shown, base::cli::Io& io) {
    const std::string chosen = default_configuration(envelope);
    for (const ovfkit::DeploymentConfiguration& configuration : envelope.configurations) {
        print_line(
            io, "size",
            printable_line(fmt::format(
                "{}{}{}  {}", configuration.id, configuration.id == chosen ? " (default)" : "",
                configuration.id == shown && shown != chosen ? " (shown)" : "",
                configuration.label)));
    }
}

void print_languages(const Envelope& envelope, base::cli::Io& io) {
    const auto languages = ovfkit::languages_of(envelope);
    if (languages.size() > 1) {
        print_line(io, "languages", printable_line(fmt::format("{}", fmt::join(languages, ", "))));
    }
}

void print_unknown(const Envelope& envelope, base::cli::Io& io) {
    const auto print = [&](const std::string& owner,
                           const std::vector<ovfkit::UnknownSection>& sections) {
        for (const ovfkit::UnknownSection& section : sections) {
            print_line(
                io, "unknown",
                printable_line(fmt::format("section {} of {}, which is kept and not honoured",
                                           section.name, owner)));
        }
    };
    print("the envelope", envelope.unknown_sections);
    for (const auto* collection : all_collections(envelope)) {
        print(fmt::format("'{}'", collection->id), collection->unknown_sections);
    }
    for (const VirtualSystem* system : all_systems(envelope)) {
        print(fmt::format("'{}'", system->id), system->unknown_sections);
    }
}

void print_licences(const std::vector<ovfkit::Eula>& eulas, base::cli::Io& io) {
    for (const ovfkit::Eula& eula : eulas) {
        const auto lines = std::count(eula.license.begin(), eula.license.end(), '\n') + 1;
        print_line(io, "licence", fmt::format("to be accepted: {} lines, see --json", lines));
    }
}

void print_files(const ovfkit::Inspection& inspection, base::cli::Io& io) {
    if (inspection.package) {
        for (const ovfkit::PackageMember& member : inspection.package->members) {
            print_line(io, "file",
                       fmt::format("{:>10}  {}", base::format_byte_size(member.size),
                                   printable_line(member.name)));
        }
        return;
    }
    for (const ovfkit::FileReference& file : inspection.envelope.files) {
        print_line(io, "file",
                   fmt::format("{:>10}  {}", file.size ? base::format_byte_size(*file.size) : "?",
                               printable_line(file.href)));
    }
}

}  // namespace

void print_inspection(const ovfkit::Inspection& inspection, const std::string& configuration,
                      base::cli::Io& io) {
    const Envelope& envelope = inspection.envelope;
    print_line(io, "name", printable_line(envelope.name));
    print_line(
        io, "descriptor",
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
    if (const ovfkit::AssemblySection* assembly = find_assembly(envelope)) {
        print_published(*assembly, io);
    }
    print_configurations(envelope, configuration, io);
    print_languages(envelope, io);
    print_unknown(envelope, io);
    print_files(inspection, io);
    if (inspection.package) {
        print_verdict(*inspection.package, assembler::list_evidence(*inspection.package), io);
    }
}

}  // namespace cli
