// SPDX-License-Identifier: Apache-2.0
#include "cli/facts_text.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/byte_size.h"
#include "cli/machine_text.h"

namespace cli {

namespace {

using assembler::ChangedFile;
using assembler::Component;
using assembler::Evidence;
using assembler::MachineFacts;
using base::cli::printable_line;

// "  /etc/hosts:3", "  /etc/nginx/nginx.conf:12 (70 %)"
std::string seen_at(const Evidence& evidence) {
    if (evidence.file.empty()) {
        return "";
    }
    std::string text = "  " + evidence.file;
    if (evidence.line > 0) {
        text += fmt::format(":{}", evidence.line);
    }
    if (evidence.confidence < 1.0) {
        text += fmt::format(" ({:.0f} %)", evidence.confidence * 100);
    }
    return text;
}

void print_fact(base::cli::Io& io, std::string_view label, const std::string& text) {
    print_line(io, label, printable_line(text));
}

std::string endpoint(const std::string& host, std::uint16_t port) {
    if (port == 0) {
        return host;
    }
    return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                               : fmt::format("[{}]:{}", host, port);
}

// The non-empty ones, with ", " between them.
std::string joined(std::vector<std::string> texts) {
    std::erase(texts, "");
    return fmt::format("{}", fmt::join(texts, ", "));
}

void print_system(const MachineFacts& facts, base::cli::Io& io) {
    const assembler::OperatingSystem& os = facts.os;
    print_fact(io, "machine", fmt::format("{}, from {}", facts.name, facts.source));
    print_fact(io, "system",
               joined({os.pretty_name.empty() ? os.id : os.pretty_name, os.architecture, os.init,
                       os.kernel.empty() ? "" : "kernel " + os.kernel}));
    const assembler::HardwareFact& hardware = facts.hardware;
    if (hardware.memory_bytes > 0 || hardware.vcpus > 0) {
        std::vector<std::string> networks;
        for (const assembler::NicFact& nic : hardware.nics) {
            networks.push_back(nic.network);
        }
        print_fact(io, "hardware",
                   joined({fmt::format("{} CPUs", hardware.vcpus),
                           base::format_byte_size(hardware.memory_bytes), hardware.firmware,
                           networks.empty() ? "" : "on " + joined(networks)}));
    }
    print_fact(io, "host name", joined({os.hostname, os.timezone}));
}

void print_network(const MachineFacts& facts, base::cli::Io& io) {
    for (const assembler::InterfaceFact& one : facts.interfaces) {
        print_fact(
            io, "network",
            joined({one.name + " " + one.method, fmt::format("{}", fmt::join(one.addresses, " ")),
                    one.gateway.empty() ? "" : "by " + one.gateway}) +
                seen_at(one.evidence));
    }
    for (const assembler::SharedAddressFact& one : facts.shared_addresses) {
        print_fact(io, "network",
                   fmt::format("shares {} with priority {}{}", one.address, one.priority,
                               seen_at(one.evidence)));
    }
    if (!facts.nameservers.empty()) {
        print_fact(io, "resolver", joined(facts.nameservers) + "  " + joined(facts.search_domains));
    }
    for (const assembler::HostName& one : facts.hosts) {
        const bool is_own = one.address.starts_with("127.") || one.address == "::1" ||
                            one.address.starts_with("fe0") || one.address.starts_with("ff0");
        if (!is_own) {
            print_fact(
                io, "host",
                fmt::format("{} is {}{}", one.address, joined(one.names), seen_at(one.evidence)));
        }
    }
    for (const assembler::MountFact& one : facts.mounts) {
        print_fact(io, "mount",
                   fmt::format("{} on {}, {} {}{}", one.device, one.point, one.type, one.options,
                               seen_at(one.evidence)));
    }
}

void print_users(const MachineFacts& facts, base::cli::Io& io) {
    for (const assembler::UserFact& user : facts.users) {
        if (user.system && !user.has_password && user.authorized_keys == 0) {
            continue;
        }
        print_fact(
            io, "user",
            joined({fmt::format("{} ({})", user.name, user.uid),
                    user.groups.size() < 2
                        ? ""
                        : "in " + fmt::format("{}", fmt::join(user.groups.begin() + 1,
                                                              user.groups.end(), " ")),
                    user.has_password ? "has a password" : "",
                    user.authorized_keys == 0 ? ""
                                              : fmt::format("{} ssh keys", user.authorized_keys)}));
    }
}

void print_packages(const MachineFacts& facts, bool all, base::cli::Io& io) {
    std::vector<std::string> chosen;
    for (const assembler::PackageFact& package : facts.packages) {
        if (all || (!package.automatic && !package.base)) {
            chosen.push_back(package.name + " " + package.version);
        }
    }
    if (!facts.packages.empty()) {
        print_fact(io, "packages",
                   fmt::format("{}, of these {} chosen", facts.packages.size(),
                               all ? std::string("all") : std::to_string(chosen.size())));
    }
    for (const std::string& package : chosen) {
        print_fact(io, "", "  " + package);
    }
}

void print_services(const MachineFacts& facts, bool all, base::cli::Io& io) {
    for (const assembler::ServiceFact& service : facts.services) {
        if (!all && (service.base || !service.enabled) && !service.package.empty()) {
            continue;
        }
        const char* state = service.masked ? "masked" : service.enabled ? "" : "not enabled";
        print_fact(io, "service",
                   joined({service.unit, state, service.program,
                           service.user.empty() ? "" : "as " + service.user,
                           service.package.empty() ? "" : "of " + service.package}) +
                       seen_at(service.evidence));
        for (const assembler::ListenFact& listen : service.listens) {
            print_fact(
                io, "",
                "  socket " + endpoint(listen.address, listen.port) + seen_at(listen.evidence));
        }
    }
    for (const assembler::ScheduledJob& job : facts.jobs) {
        if (all || job.package.empty()) {
            print_fact(
                io, "job",
                fmt::format("{}  {}{}{}", job.schedule, job.command,
                            job.user.empty() ? "" : " as " + job.user, seen_at(job.evidence)));
        }
    }
}

void print_component(const Component& component, base::cli::Io& io) {
    print_fact(io, "component",
               joined({component.name == component.kind
                           ? component.name
                           : fmt::format("{} ({})", component.name, component.kind),
                       component.version, component.unit, component.enabled ? "" : "not enabled"}) +
                   seen_at(component.evidence));
    for (const assembler::Input& input : component.inputs) {
        print_fact(io, "",
                   fmt::format("  listens  {} {} {}{}", input.name, input.protocol,
                               endpoint(input.address, input.port), seen_at(input.evidence)));
    }
    for (const assembler::Output& output : component.outputs) {
        print_fact(io, "",
                   fmt::format("  connects {} {} {}{}{}", output.name, output.protocol,
                               endpoint(output.host, output.port),
                               output.database.empty() ? "" : "/" + output.database,
                               seen_at(output.evidence)));
    }
    for (const assembler::PropertyFact& property : component.properties) {
        print_fact(
            io, "",
            fmt::format("  {} = {}{}", property.key, property.secret ? "(secret)" : property.value,
                        seen_at(property.evidence)));
    }
}

void print_changes(const MachineFacts& facts, base::cli::Io& io) {
    for (const ChangedFile& file : facts.changed_files) {
        const char* label = file.change == ChangedFile::Change::added     ? "added"
                            : file.change == ChangedFile::Change::removed ? "removed"
                                                                          : "changed";
        print_fact(io, label, file.path + (file.package.empty() ? "" : " of " + file.package));
    }
}

}  // namespace

void print_facts(const MachineFacts& facts, bool all, base::cli::Io& io) {
    print_system(facts, io);
    print_network(facts, io);
    print_users(facts, io);
    print_packages(facts, all, io);
    print_services(facts, all, io);
    for (const Component& component : facts.components) {
        print_component(component, io);
    }
    print_changes(facts, io);
    for (const assembler::SecretFact& secret : facts.secrets) {
        print_fact(io, "secret",
                   secret.what + (secret.value.empty() ? "" : " " + secret.value) +
                       seen_at(secret.evidence));
    }
    for (const assembler::Remark& remark : facts.remarks) {
        print_fact(io, "remark", remark.text + seen_at(remark.evidence));
    }
}

}  // namespace cli
