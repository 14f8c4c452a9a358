// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/connect/address_book.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "assembler/introspect/connect/addresses.h"

namespace assembler {

namespace {

// How sure each way of finding a machine is. An address on an interface is written down; that a
// short name means the machine with the same first label is custom only.
constexpr double kByShared = 0.9;
constexpr double kPerPriority = 0.0001;  // keepalived's go to 255
constexpr double kByHostName = 0.95;
constexpr double kByShortName = 0.85;
constexpr double kByMachineName = 0.8;
constexpr double kByOthersHosts = 0.9;
constexpr double kByNameOfAddress = 0.85;

std::string first_label(const std::string& name) {
    return name.substr(0, name.find('.'));
}

std::string domain_of(const std::string& name) {
    const std::size_t dot = name.find('.');
    return dot == std::string::npos ? "" : name.substr(dot + 1);
}

// The best of each machine, the surest first; only those that are as sure as the first.
std::vector<Owner> best_owners(std::vector<Owner> owners) {
    std::stable_sort(owners.begin(), owners.end(), [](const Owner& one, const Owner& other) {
        return one.confidence > other.confidence;
    });
    std::vector<Owner> best;
    std::set<std::string> seen;
    for (Owner& owner : owners) {
        if (owner.confidence == owners.front().confidence && seen.insert(owner.machine).second) {
            best.push_back(std::move(owner));
        }
    }
    return best;
}

}  // namespace

AddressBook::AddressBook(const std::vector<MachineFacts>& machines) {
    for (const MachineFacts& machine : machines) {
        add_machine(machine);
        add_hosts(machine);
    }
    find_doubles();
}

void AddressBook::add_machine(const MachineFacts& machine) {
    for (const InterfaceFact& interface : machine.interfaces) {
        for (const std::string& text : interface.addresses) {
            const std::string address = bare_host(text);
            if (!is_loopback(address) && !is_any_address(address) &&
                !is_inner_interface(interface.name)) {
                addresses_.emplace(address, Owner{machine.name, 1.0,
                                                  fmt::format("address of {}", interface.name)});
            }
        }
    }
    for (const SharedAddressFact& shared : machine.shared_addresses) {
        shared_.emplace(
            bare_host(shared.address),
            Owner{machine.name, kByShared + shared.priority * kPerPriority, "shared address"});
    }
    const std::string host_name = bare_host(machine.os.hostname);
    if (!host_name.empty() && !is_loopback(host_name)) {
        aliases_.emplace(host_name, Owner{machine.name, kByHostName, "host name"});
        domains_.push_back(domain_of(host_name));
        if (first_label(host_name) != host_name) {
            aliases_.emplace(first_label(host_name),
                             Owner{machine.name, kByShortName, "first part of the host name"});
        }
    }
    aliases_.emplace(bare_host(machine.name),
                     Owner{machine.name, kByMachineName, "name of the machine"});
}

void AddressBook::add_hosts(const MachineFacts& machine) {
    for (const HostName& line : machine.hosts) {
        HostLine copy{machine.name, bare_host(line.address), {}};
        for (const std::string& text : line.names) {
            const std::string name = bare_host(text);
            copy.names.push_back(name);
            // "127.0.1.1 db.shop.lan db": what the machine calls itself.
            const bool inner = is_loopback(name) || name.starts_with("ip6-");
            if (is_loopback(copy.address) && !inner) {
                aliases_.emplace(name, Owner{machine.name, kByHostName, "its own /etc/hosts"});
            }
            if (!inner) {
                domains_.push_back(domain_of(name));
            }
        }
        lines_.push_back(std::move(copy));
    }
}

void AddressBook::find_doubles() {
    const auto look = [&](const Names& names, std::string_view what, double at_least) {
        for (auto at = names.begin(); at != names.end();) {
            const auto end = names.upper_bound(at->first);
            std::vector<std::string> machines;
            for (auto one = at; one != end; ++one) {
                const bool known = std::find(machines.begin(), machines.end(),
                                             one->second.machine) != machines.end();
                if (one->second.confidence >= at_least && !known) {
                    machines.push_back(one->second.machine);
                }
            }
            if (machines.size() > 1) {
                remarks_.push_back({fmt::format("the {} '{}' belongs to more than one machine: {}",
                                                what, at->first, fmt::join(machines, ", ")),
                                    {}});
            }
            at = end;
        }
    };
    look(addresses_, "address", 0);
    look(aliases_, "name", kByHostName);
}

std::string AddressBook::address_in_hosts(std::string_view asking, std::string_view name) const {
    const std::string bare = bare_host(name);
    for (const HostLine& line : lines_) {
        if (line.machine == asking &&
            std::find(line.names.begin(), line.names.end(), bare) != line.names.end()) {
            return line.address;
        }
    }
    return "";
}

std::vector<Owner> AddressBook::owners_by_alias(const std::vector<std::string>& names,
                                                double weight) const {
    std::vector<Owner> owners;
    for (const std::string& name : names) {
        const auto [begin, end] = aliases_.equal_range(name);
        for (auto at = begin; at != end; ++at) {
            owners.push_back(at->second);
            owners.back().confidence *= weight;
        }
    }
    return owners;
}

std::vector<Owner> AddressBook::owners_of_address(std::string_view asking,
                                                  const std::string& address) const {
    std::vector<Owner> owners;
    const auto [begin, end] = addresses_.equal_range(address);
    for (auto at = begin; at != end; ++at) {
        if (at->second.machine == asking) {
            return {at->second};  // each machine means itself by an address it has
        }
        owners.push_back(at->second);
    }
    if (!owners.empty()) {
        return best_owners(std::move(owners));
    }
    const auto [first, last] = shared_.equal_range(address);
    for (auto at = first; at != last; ++at) {
        if (at->second.machine == asking) {
            return {at->second};
        }
        owners.push_back(at->second);
    }
    if (!owners.empty()) {
        return best_owners(std::move(owners));
    }
    // Nobody has it for fixed: by the names that somebody's /etc/hosts gives it.
    for (const HostLine& line : lines_) {
        if (line.address == address) {
            for (Owner& owner : owners_by_alias(line.names, kByNameOfAddress)) {
                owner.how = fmt::format("/etc/hosts of {}, {}", line.machine, owner.how);
                owners.push_back(std::move(owner));
            }
        }
    }
    return best_owners(std::move(owners));
}

bool AddressBook::is_own_domain(std::string_view domain) const {
    return !domain.empty() && std::find(domains_.begin(), domains_.end(), domain) != domains_.end();
}

std::vector<Owner> AddressBook::owners_of_name(std::string_view asking,
                                               const std::string& name) const {
    const std::string address = address_in_hosts(asking, name);
    if (!address.empty()) {
        if (is_loopback(address)) {
            return {{std::string(asking), 1.0, "its own /etc/hosts"}};
        }
        std::vector<Owner> owners = owners_of_address(asking, address);
        for (Owner& owner : owners) {
            owner.how = fmt::format("/etc/hosts, {}", owner.how);
        }
        return owners;  // the file has the last word, also when it leads out of the set
    }
    std::vector<Owner> owners = owners_by_alias({name}, 1.0);
    if (owners.empty() && is_own_domain(domain_of(name))) {
        owners = owners_by_alias({first_label(name)}, kByShortName);
    }
    for (const HostLine& line : lines_) {
        if (line.machine != asking && !is_loopback(line.address) &&
            std::find(line.names.begin(), line.names.end(), name) != line.names.end()) {
            for (Owner& owner : owners_of_address(asking, line.address)) {
                owner.confidence *= kByOthersHosts;
                owner.how = fmt::format("/etc/hosts of {}, {}", line.machine, owner.how);
                owners.push_back(std::move(owner));
            }
        }
    }
    return best_owners(std::move(owners));
}

std::vector<Owner> AddressBook::find_owners(std::string_view asking, std::string_view host) const {
    const std::string bare = bare_host(host);
    if (is_loopback(bare) || is_any_address(bare)) {
        return {{std::string(asking), 1.0, "the machine itself"}};
    }
    return is_address(bare) ? owners_of_address(asking, bare) : owners_of_name(asking, bare);
}

}  // namespace assembler
