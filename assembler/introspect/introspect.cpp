// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/introspect.h"

#include <algorithm>
#include <set>

#include "assembler/introspect/plugin/find_components.h"
#include "assembler/introspect/system/cron.h"
#include "assembler/introspect/system/network/network.h"
#include "assembler/introspect/system/os_facts.h"
#include "assembler/introspect/system/packages/changed_files.h"
#include "assembler/introspect/system/secrets/secrets.h"
#include "assembler/introspect/system/services/services.h"
#include "assembler/introspect/system/users.h"
#include "base/letter_case.h"

namespace assembler {

namespace {

// "web" of "images/web.qcow2"
std::string stem_of_source(const std::string& source) {
    const std::string file = source.substr(source.find_last_of('/') + 1);
    return file.substr(0, file.find('.'));
}

std::string choose_name(const MachineFacts& facts, const std::string& asked) {
    if (!asked.empty()) {
        return asked;
    }
    const std::string& host = facts.os.hostname;
    const bool says_something = !host.empty() && host != "localhost" &&
                                !host.starts_with("localhost.") && host != facts.os.id;
    return machine_name_of(says_something ? host : stem_of_source(facts.source));
}

}  // namespace

std::string machine_name_of(std::string_view text) {
    constexpr std::size_t kLongest = 63;
    std::string name;
    for (const char c : base::to_lower(text.substr(0, text.find('.')))) {
        const bool is_kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (is_kept) {
            name += c;
        } else if (!name.empty() && !name.ends_with('-')) {
            name += '-';
        }
    }
    name.resize(std::min(name.size(), kLongest));
    while (name.ends_with('-')) {
        name.pop_back();
    }
    return name.empty() ? "machine" : name;
}

void make_names_unique(std::vector<MachineFacts>& machines) {
    std::set<std::string> taken;
    for (MachineFacts& machine : machines) {
        const std::string name = machine.name;
        for (int number = 2; !taken.insert(machine.name).second; ++number) {
            machine.name = name + "-" + std::to_string(number);
        }
    }
}

MachineFacts introspect_tree(const imagebuilder::FileTree& tree, const IntrospectOptions& options) {
    MachineFacts facts;
    facts.source = tree.name();
    introspect::Reading reading(tree, facts);

    // Packages first: they say what else is the administrator's own, and the architecture.
    const introspect::PackageDatabase packages =
        introspect::read_packages(reading, options.listed_packages);
    reading.part("the system", [&] { read_operating_system(reading); });
    facts.name = choose_name(facts, options.name);
    reading.part("users", [&] { read_users(reading); });
    reading.part("mounts", [&] { read_mounts(reading); });
    reading.part("interfaces", [&] { read_interfaces(reading); });
    reading.part("hosts", [&] { read_hosts(reading); });
    reading.part("the resolver", [&] { read_resolver(reading); });
    reading.part("services", [&] { read_services(reading, packages); });
    reading.part("shared addresses", [&] { read_shared_addresses(reading); });
    reading.part("cron", [&] { read_cron(reading, packages); });
    reading.part("changed files", [&] { find_changed_files(reading, packages); });

    reading.part("applications", [&] {
        facts.components = find_components(tree, facts, options.plugins, facts.remarks);
    });

    // Secrets last: components say which files are read, and need what is masked then.
    reading.part("secrets", [&] { find_secrets(reading, options.with_secrets); });
    if (!options.with_secrets) {
        introspect::mask_secrets(facts);
    }
    return facts;
}

}  // namespace assembler
