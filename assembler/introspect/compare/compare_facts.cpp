// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/compare/compare_facts.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "assembler/introspect/connect/addresses.h"
#include "base/crypto/digest.h"

namespace assembler {

namespace {

using ovfkit::Changes;

constexpr std::size_t kShownDigest = 12;  // tells two texts apart, and fits on a line

// The members of a group by what they are called, each with what is compared of it: by aspect. The
// aspect "" is the member's own value, shown when it comes or goes.
using Aspects = std::map<std::string, std::string>;
using Members = std::map<std::string, Aspects>;

std::string value_of(const Aspects& aspects) {
    const auto own = aspects.find("");
    return own == aspects.end() ? "" : own->second;
}

void compare_members(std::string_view group, const Members& before, const Members& after,
                     Changes& changes) {
    changes.set_subject(std::string(group));
    for (const auto& [name, aspects] : before) {
        const auto other = after.find(name);
        if (other == after.end()) {
            changes.removed(name, value_of(aspects));
            continue;
        }
        for (const auto& [aspect, value] : aspects) {
            const auto theirs = other->second.find(aspect);
            changes.compare(aspect.empty() ? name : fmt::format("{}: {}", name, aspect), value,
                            theirs == other->second.end() ? "" : theirs->second);
        }
    }
    for (const auto& [name, aspects] : after) {
        if (!before.contains(name)) {
            changes.added(name, value_of(aspects));
        }
    }
}

std::string sorted_words(std::vector<std::string> words) {
    std::sort(words.begin(), words.end());
    return fmt::format("{}", fmt::join(words, ", "));
}

std::string yes_or_no(bool flag) {
    return flag ? "yes" : "no";
}

void compare_systems(const OperatingSystem& before, const OperatingSystem& after,
                     Changes& changes) {
    changes.set_subject("system");
    changes.compare("distribution", before.id, after.id);
    changes.compare("version", before.version_id, after.version_id);
    changes.compare("architecture", before.architecture, after.architecture);
    changes.compare("host name", before.hostname, after.hostname);
    changes.compare("time zone", before.timezone, after.timezone);
    changes.compare("init", before.init, after.init);
    changes.compare("kernel", before.kernel, after.kernel);
}

Members package_members(const MachineFacts& machine) {
    Members members;
    for (const PackageFact& package : machine.packages) {
        // Several versions of one kernel package are several packages.
        auto& version = members[package.name][""];
        version += (version.empty() ? "" : ", ") + package.version;
    }
    return members;
}

Members service_members(const MachineFacts& machine) {
    Members members;
    for (const ServiceFact& service : machine.services) {
        members[service.unit] = {{"enabled", yes_or_no(service.enabled)},
                                 {"command", service.command_line},
                                 {"user", service.user.empty() ? "root" : service.user},
                                 {"folder", service.working_directory},
                                 {"masked", yes_or_no(service.masked)}};
    }
    return members;
}

Members component_members(const MachineFacts& machine) {
    Members members;
    for (const Component& component : machine.components) {
        members[component.name] = {{"", component.version},
                                   {"kind", component.kind},
                                   {"unit", component.unit},
                                   {"starts with the machine", yes_or_no(component.enabled)}};
    }
    return members;
}

Members input_members(const MachineFacts& machine) {
    Members members;
    for (const Component& component : machine.components) {
        for (const Input& input : component.inputs) {
            const std::string place =
                input.port == 0 ? input.address : fmt::format("port {}", input.port);
            const std::string address = is_any_address(input.address) ? "any" : input.address;
            auto& aspects = members[fmt::format("{} on {}", component.name, place)];
            aspects["protocol"] = input.protocol;
            // One port on several addresses is one listener.
            auto& addresses = aspects["address"];
            addresses += (addresses.empty() ? "" : ", ") + address;
            for (const std::string& other : input.other_addresses) {
                addresses += ", " + other;
            }
        }
    }
    return members;
}

Members output_members(const MachineFacts& machine) {
    Members members;
    for (const Component& component : machine.components) {
        for (const Output& output : component.outputs) {
            const std::string end =
                output.port == 0 ? output.host : fmt::format("{}:{}", output.host, output.port);
            members[fmt::format("{} {} to {}", component.name, output.name, end)] = {
                {"protocol", output.protocol}, {"database", output.database}};
        }
    }
    return members;
}

Members property_members(const MachineFacts& machine) {
    Members members;
    for (const Component& component : machine.components) {
        for (const PropertyFact& property : component.properties) {
            members[fmt::format("{} {}", component.name, property.key)][""] = property.value;
        }
    }
    return members;
}

Members user_members(const MachineFacts& machine) {
    Members members;
    for (const UserFact& user : machine.users) {
        members[user.name] = {{"uid", std::to_string(user.uid)},
                              {"home", user.home},
                              {"shell", user.shell},
                              {"groups", sorted_words(user.groups)},
                              {"password", yes_or_no(user.has_password)},
                              {"authorized keys", std::to_string(user.authorized_keys)}};
    }
    return members;
}

Members mount_members(const MachineFacts& machine) {
    Members members;
    for (const MountFact& mount : machine.mounts) {
        members[mount.point] = {
            {"", mount.device}, {"type", mount.type}, {"options", mount.options}};
    }
    return members;
}

Members network_members(const MachineFacts& machine) {
    Members members;
    for (const InterfaceFact& interface : machine.interfaces) {
        members[interface.name] = {{"method", interface.method},
                                   {"addresses", sorted_words(interface.addresses)},
                                   {"gateway", interface.gateway},
                                   {"name servers", sorted_words(interface.dns)}};
    }
    for (const HostName& line : machine.hosts) {
        members[fmt::format("/etc/hosts {}", line.address)]["names"] = sorted_words(line.names);
    }
    return members;
}

Members job_members(const MachineFacts& machine) {
    Members members;
    for (const ScheduledJob& job : machine.jobs) {
        members[job.command] = {{"", job.schedule}, {"user", job.user}};
    }
    return members;
}

Members file_members(const MachineFacts& machine, const ReadFile& read) {
    Members members;
    for (const ChangedFile& file : machine.changed_files) {
        const char* change = file.change == ChangedFile::Change::added      ? "added"
                             : file.change == ChangedFile::Change::modified ? "modified"
                                                                            : "removed";
        members[file.path][""] = change;
        const auto text = read ? read(file.path) : std::nullopt;
        if (text) {
            members[file.path]["SHA-256"] =
                base::digest_hex(base::DigestAlgorithm::sha256, *text).substr(0, kShownDigest);
        }
    }
    return members;
}

Members secret_members(const MachineFacts& machine) {
    Members members;
    for (const SecretFact& secret : machine.secrets) {
        members[fmt::format("{} in {}", secret.what, secret.evidence.file)] = {};
    }
    return members;
}

}  // namespace

std::vector<Difference> compare_facts(const MachineFacts& before, const MachineFacts& after,
                                      const ReadFile& read_before, const ReadFile& read_after) {
    Changes changes;
    compare_systems(before.os, after.os, changes);
    const auto compare = [&](std::string_view group, Members (*members)(const MachineFacts&)) {
        compare_members(group, members(before), members(after), changes);
    };
    compare("packages", package_members);
    compare("applications", component_members);
    compare("listens", input_members);
    compare("connects", output_members);
    compare("settings", property_members);
    compare("services", service_members);
    compare("users", user_members);
    compare("mounts", mount_members);
    compare("network", network_members);
    compare("scheduled jobs", job_members);
    compare_members("configuration files", file_members(before, read_before),
                    file_members(after, read_after), changes);
    compare("secrets", secret_members);
    return changes.take();
}

}  // namespace assembler
