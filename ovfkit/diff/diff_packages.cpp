// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/diff/diff_packages.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "ovfkit/descriptor/envelope_queries.h"
#include "ovfkit/diff/diff_parts.h"

namespace ovfkit {

namespace {

const std::string& id_of(const VirtualSystem* system) {
    return system->id;
}

void diff_os(const std::optional<OperatingSystem>& before,
             const std::optional<OperatingSystem>& after, Changes& changes) {
    const auto number = [](const std::optional<OperatingSystem>& os) {
        return os ? fmt::format("{}", os->id) : std::string("none");
    };
    const auto text = [](const std::optional<OperatingSystem>& os) {
        return os ? fmt::format("{} {}", os->description, os->version) : std::string();
    };
    changes.compare("number of the operating system", number(before), number(after));
    changes.compare("operating system", text(before), text(after));
}

std::string readiness_text(const MachineSection& machine) {
    if (!machine.ready) {
        return "none";
    }
    return fmt::format("{} {} within {} s", to_string(machine.ready->kind), machine.ready->target,
                       machine.ready->timeout.count());
}

std::string boot_text(const DiffSide& side, const MachineSection& machine) {
    if (!machine.boot) {
        return "by firmware";
    }
    return fmt::format("kernel {}, initrd {}, '{}'",
                       content_of(side, find_file(side.envelope, machine.boot->kernel_file)),
                       content_of(side, find_file(side.envelope, machine.boot->initrd_file)),
                       machine.boot->command_line);
}

std::string endpoint_text(const Endpoint& endpoint) {
    std::string text = endpoint.protocol;
    text += endpoint.port ? fmt::format(" {}", *endpoint.port) : "";
    text += endpoint.port_property.empty() ? "" : fmt::format(" port {}", endpoint.port_property);
    text += endpoint.host_property.empty() ? "" : fmt::format(" host {}", endpoint.host_property);
    text += endpoint.machine.empty() ? ""
                                     : fmt::format(" to {}.{} by {}", endpoint.machine,
                                                   endpoint.input, endpoint.network);
    return text;
}

std::string endpoint_key(const Endpoint& endpoint) {
    return fmt::format("{} '{}'", to_string(endpoint.direction), endpoint.name);
}

void diff_machine_section(const DiffSide& before, const VirtualSystem& old_system,
                          const DiffSide& after, const VirtualSystem& new_system,
                          Changes& changes) {
    const MachineSection a = old_system.machine.value_or(MachineSection{});
    const MachineSection b = new_system.machine.value_or(MachineSection{});
    changes.compare("boot", boot_text(before, a), boot_text(after, b));
    changes.compare("readiness", readiness_text(a), readiness_text(b));
    const auto count = [](const MachineCount& one) {
        return fmt::format("{} ({} to {})", one.initial, one.minimum, one.maximum);
    };
    changes.compare("number of machines", count(a.count), count(b.count));
    match(
        a.endpoints, b.endpoints, endpoint_key,
        [&](const Endpoint& one, const Endpoint& other) {
            changes.compare(endpoint_key(one), endpoint_text(one), endpoint_text(other));
        },
        [&](const Endpoint& one) { changes.removed(endpoint_key(one), endpoint_text(one)); },
        [&](const Endpoint& other) { changes.added(endpoint_key(other), endpoint_text(other)); });
}

void diff_system(const DiffSide& before, const VirtualSystem& a, const DiffSide& after,
                 const VirtualSystem& b, Changes& changes) {
    changes.set_subject(fmt::format("machine '{}'", a.id));
    changes.compare("id", a.id, b.id);
    changes.compare("name", a.name, b.name);
    diff_os(a.os, b.os, changes);
    diff_hardware(before, a, after, b, changes);
    diff_products(a.products, b.products, changes);
    diff_licences(a.eulas, b.eulas, changes);
    changes.compare("annotation", excerpt_of(a.annotation), excerpt_of(b.annotation));
    diff_machine_section(before, a, after, b, changes);
    diff_unknown_sections(a.unknown_sections, b.unknown_sections, changes);
}

std::string summary_of(const DiffSide& side, const VirtualSystem& system) {
    const std::string configuration = default_configuration(side.envelope);
    return fmt::format("{} disks, {} network adapters",
                       disks_of(side.envelope, system, configuration).size(),
                       nics_of(system, configuration).size());
}

// By id; those whose id is not on the other side, by name.
void diff_systems(const DiffSide& before, const DiffSide& after, Changes& changes) {
    std::vector<const VirtualSystem*> gone;
    std::vector<const VirtualSystem*> fresh;
    match(
        all_systems(before.envelope), all_systems(after.envelope), id_of,
        [&](const VirtualSystem* a, const VirtualSystem* b) {
            diff_system(before, *a, after, *b, changes);
        },
        [&](const VirtualSystem* a) { gone.push_back(a); },
        [&](const VirtualSystem* b) { fresh.push_back(b); });
    match(
        gone, fresh,
        [](const VirtualSystem* system) -> const std::string& { return display_name(*system); },
        [&](const VirtualSystem* a, const VirtualSystem* b) {
            diff_system(before, *a, after, *b, changes);
        },
        [&](const VirtualSystem* a) {
            changes.set_subject(fmt::format("machine '{}'", a->id));
            changes.removed("", summary_of(before, *a));
        },
        [&](const VirtualSystem* b) {
            changes.set_subject(fmt::format("machine '{}'", b->id));
            changes.added("", summary_of(after, *b));
        });
}

std::string startup_text(const StartupItem& item) {
    return fmt::format("order {}, {} after {} s{}, {} after {} s", item.order, item.start_action,
                       item.start_delay_seconds,
                       item.waiting_for_guest ? " or when the guest is ready" : "",
                       item.stop_action, item.stop_delay_seconds);
}

std::string publish_key(const Publish& publish) {
    return fmt::format("published port '{}' of '{}'",
                       publish.name.empty() ? fmt::format("{}", publish.port) : publish.name,
                       publish.machine);
}

std::string publish_text(const Publish& publish) {
    return publish.host_port ? fmt::format("{} as {}", publish.port, *publish.host_port)
                             : fmt::format("{}", publish.port);
}

void diff_assembly(const std::optional<AssemblySection>& before,
                   const std::optional<AssemblySection>& after, Changes& changes) {
    const AssemblySection a = before.value_or(AssemblySection{});
    const AssemblySection b = after.value_or(AssemblySection{});
    changes.compare("name of the assembly", a.name, b.name);
    changes.compare("version of the assembly", a.version, b.version);
    match(
        a.publish, b.publish, publish_key,
        [&](const Publish& one, const Publish& other) {
            changes.compare(publish_key(one), publish_text(one), publish_text(other));
        },
        [&](const Publish& one) { changes.removed(publish_key(one), publish_text(one)); },
        [&](const Publish& other) { changes.added(publish_key(other), publish_text(other)); });
}

std::string member_ids(const VirtualSystemCollection& collection) {
    std::vector<std::string> ids;
    for (const Content& member : collection.members) {
        ids.push_back(std::visit([](const auto& one) { return one.id; }, member));
    }
    return sorted_list(std::move(ids));
}

void diff_collection(const VirtualSystemCollection& a, const VirtualSystemCollection& b,
                     Changes& changes) {
    changes.set_subject(fmt::format("collection '{}'", a.id));
    changes.compare("id", a.id, b.id);
    changes.compare("name", a.name, b.name);
    changes.compare("members", member_ids(a), member_ids(b));
    match(
        a.startup, b.startup, [](const StartupItem& item) -> const std::string& { return item.id; },
        [&](const StartupItem& one, const StartupItem& other) {
            changes.compare(fmt::format("start of '{}'", one.id), startup_text(one),
                            startup_text(other));
        },
        [&](const StartupItem& one) {
            changes.removed(fmt::format("start of '{}'", one.id), startup_text(one));
        },
        [&](const StartupItem& other) {
            changes.added(fmt::format("start of '{}'", other.id), startup_text(other));
        });
    diff_products(a.products, b.products, changes);
    diff_licences(a.eulas, b.eulas, changes);
    changes.compare("annotation", excerpt_of(a.annotation), excerpt_of(b.annotation));
    diff_assembly(a.assembly, b.assembly, changes);
    diff_unknown_sections(a.unknown_sections, b.unknown_sections, changes);
}

// A package of one system has no collection.
void diff_assembly_of_system(const Envelope& before, const Envelope& after, Changes& changes) {
    const auto of = [](const Envelope& envelope) {
        const AssemblySection* assembly = find_assembly(envelope);
        return assembly == nullptr ? std::nullopt : std::optional(*assembly);
    };
    if (all_collections(before).empty() || all_collections(after).empty()) {
        changes.set_subject("assembly");
        diff_assembly(of(before), of(after), changes);
    }
}

void diff_collections(const Envelope& before, const Envelope& after, Changes& changes) {
    auto a = all_collections(before);
    auto b = all_collections(after);
    // The outermost one is the package, whatever its id.
    if (!a.empty() && !b.empty()) {
        diff_collection(*a.front(), *b.front(), changes);
        a.erase(a.begin());
        b.erase(b.begin());
    }
    match(
        a, b, [](const VirtualSystemCollection* one) -> const std::string& { return one->id; },
        [&](const auto* one, const auto* other) { diff_collection(*one, *other, changes); },
        [&](const auto* one) {
            changes.set_subject(fmt::format("collection '{}'", one->id));
            changes.removed("", member_ids(*one));
        },
        [&](const auto* other) {
            changes.set_subject(fmt::format("collection '{}'", other->id));
            changes.added("", member_ids(*other));
        });
}

void diff_networks(const Envelope& before, const Envelope& after, Changes& changes) {
    changes.set_subject("networks");
    match(
        before.networks, after.networks,
        [](const Network& network) -> const std::string& { return network.name; },
        [&](const Network& a, const Network& b) {
            changes.compare(fmt::format("description of '{}'", a.name), a.description,
                            b.description);
            changes.compare_flag(fmt::format("isolation of '{}'", a.name),
                                 is_isolated(before, a.name), is_isolated(after, b.name));
        },
        [&](const Network& a) { changes.removed(fmt::format("network '{}'", a.name)); },
        [&](const Network& b) { changes.added(fmt::format("network '{}'", b.name)); });
}

void diff_configurations(const Envelope& before, const Envelope& after, Changes& changes) {
    changes.set_subject("configurations");
    match(
        before.configurations, after.configurations,
        [](const DeploymentConfiguration& one) -> const std::string& { return one.id; },
        [&](const DeploymentConfiguration& a, const DeploymentConfiguration& b) {
            changes.compare(fmt::format("label of '{}'", a.id), a.label, b.label);
            changes.compare(fmt::format("description of '{}'", a.id), excerpt_of(a.description),
                            excerpt_of(b.description));
        },
        [&](const DeploymentConfiguration& a) {
            changes.removed(fmt::format("configuration '{}'", a.id), a.label);
        },
        [&](const DeploymentConfiguration& b) {
            changes.added(fmt::format("configuration '{}'", b.id), b.label);
        });
    changes.compare("default", default_configuration(before), default_configuration(after));
}

// Files by what is in them, where both sides know; a renamed file is no difference then.
std::vector<std::string> contents(const DiffSide& side) {
    std::vector<std::string> all;
    for (const FileReference& file : side.envelope.files) {
        all.push_back(content_of(side, &file));
    }
    return all;
}

void diff_files(const DiffSide& before, const DiffSide& after, Changes& changes) {
    changes.set_subject("files");
    const auto a = contents(before);
    const auto b = contents(after);
    const auto unmatched = [](const DiffSide& side, const std::vector<std::string>& other,
                              const auto& say) {
        for (const FileReference& file : side.envelope.files) {
            const std::string content = content_of(side, &file);
            if (std::find(other.begin(), other.end(), content) == other.end()) {
                say(fmt::format("'{}'", file.href), content);
            }
        }
    };
    unmatched(before, b, [&](const std::string& what, const std::string& content) {
        changes.removed(what, content);
    });
    unmatched(after, a, [&](const std::string& what, const std::string& content) {
        changes.added(what, content);
    });
}

}  // namespace

std::string content_of(const DiffSide& side, const FileReference* file) {
    if (file == nullptr) {
        return "blank";
    }
    const auto digest = side.digests.find(file->href);
    if (digest != side.digests.end()) {
        return fmt::format("SHA-256 {}", digest->second);
    }
    return file->size ? fmt::format("'{}' of {} bytes", file->href, *file->size)
                      : fmt::format("'{}'", file->href);
}

std::vector<Change> diff_packages(const DiffSide& old_side, const DiffSide& new_side) {
    // Digests of one side alone say nothing.
    static const std::map<std::string, std::string> kUnknown;
    const bool known = !old_side.digests.empty() && !new_side.digests.empty();
    const DiffSide before{old_side.envelope, known ? old_side.digests : kUnknown};
    const DiffSide after{new_side.envelope, known ? new_side.digests : kUnknown};
    Changes changes;
    changes.compare("version of OVF", before.envelope.version, after.envelope.version);
    diff_configurations(before.envelope, after.envelope, changes);
    diff_networks(before.envelope, after.envelope, changes);
    diff_collections(before.envelope, after.envelope, changes);
    diff_assembly_of_system(before.envelope, after.envelope, changes);
    diff_systems(before, after, changes);
    diff_files(before, after, changes);
    changes.set_subject("package");
    diff_unknown_sections(before.envelope.unknown_sections, after.envelope.unknown_sections,
                          changes);
    return changes.take();
}

}  // namespace ovfkit
