// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/generate/address_sweep.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "assembler/introspect/connect/property_keys.h"

namespace assembler {

namespace {

constexpr std::size_t kLargestSwept = std::size_t{1} << 20U;

struct OldAddress {
    std::string machine;
    std::string text;
    std::string network;
};

// The fixed addresses of all machines of the set.
std::vector<OldAddress> old_addresses(const WiringInputs& in, const std::string& asking) {
    std::vector<OldAddress> all;
    for (const MachineFacts& machine : in.machines) {
        for (const InterfaceFact& interface : machine.interfaces) {
            for (const std::string& written : interface.addresses) {
                const std::string address = bare_host(written);
                if (find_ipv4(address) && !is_loopback(address) &&
                    !is_inner_interface(interface.name)) {
                    all.push_back({machine.name, address,
                                   in.networks.network_for(machine.name, address, asking)});
                }
            }
        }
    }
    return all;
}

// The key that holds the address of a machine, made when it is not there.
std::string address_key(const OldAddress& old, const WiringInputs& in, const Evidence& evidence,
                        MachineWiring& wiring) {
    const auto of_machine = in.networks.of_machine.find(old.machine);
    const bool first =
        of_machine == in.networks.of_machine.end() || of_machine->second.front() == old.network;
    const std::string key = key_word(old.machine + (first ? ".ip" : ".ip." + old.network));
    if (wiring.find_key(key) == nullptr) {
        wiring.keys.push_back({.kind = WiredKey::Kind::address,
                               .key = key,
                               .value = fmt::format("${{{}.ip.{}}}", old.machine, old.network),
                               .label = fmt::format("Address of {}", old.machine),
                               .comment = old.text.empty() ? "" : fmt::format("was {}", old.text),
                               .evidence = evidence});
    }
    return key;
}

// The files of a machine that may speak of addresses: its applications', and what was changed.
std::vector<std::string> files_to_sweep(const MachineFacts& machine) {
    std::set<std::string> files;
    for (const Component& component : machine.components) {
        files.insert(component.files.begin(), component.files.end());
    }
    for (const ChangedFile& changed : machine.changed_files) {
        if (changed.change != ChangedFile::Change::removed) {
            files.insert(changed.path);
        }
    }
    std::erase_if(files, [](const std::string& path) { return is_network_file(path); });
    return {files.begin(), files.end()};
}

class Sweeper {
  public:
    Sweeper(const MachineFacts& machine, const WiringInputs& in, MachineWiring& wiring)
        : machine_(machine), in_(in), wiring_(wiring), old_(old_addresses(in, machine.name)) {}

    void run() {
        for (const std::string& path : files_to_sweep(machine_)) {
            const auto source = in_.read(machine_.name, path);
            if (source && source->text.size() <= kLargestSwept && !is_network_file(source->path)) {
                sweep_file(path, source->text);
            }
        }
    }

  private:
    void sweep_file(const std::string& path, const std::string& text) {
        for (const FoundNetwork& network : in_.networks.networks) {
            if (network.subnet) {
                sweep_subnet(path, text, network);
            }
        }
        for (const OldAddress& old : old_) {
            for (const std::size_t offset : find_word(text, old.text)) {
                replace(path, text, offset, old.text.size(), old, "");
            }
        }
    }

    // "10.0.5.0/24": who was let in by it is in the deployment's network around this machine's own
    // address, whose prefix length is 24.
    void sweep_subnet(const std::string& path, const std::string& text,
                      const FoundNetwork& network) {
        const auto& mine = in_.networks.of_machine.at(machine_.name);
        const bool on_it = std::find(mine.begin(), mine.end(), network.name) != mine.end();
        const auto neighbour = std::find_if(old_.begin(), old_.end(), [&](const OldAddress& old) {
            return old.network == network.name && (!on_it || old.machine == machine_.name);
        });
        const std::string written = to_string(*network.subnet);
        if (neighbour == old_.end()) {
            return;
        }
        for (const std::size_t offset : find_word(text, written)) {
            replace(path, text, offset, written.size(), *neighbour, "/24");
        }
    }

    void replace(const std::string& path, const std::string& text, std::size_t offset,
                 std::size_t length, const OldAddress& old, const std::string& after) {
        WiredFile* file = file_to_edit(in_, machine_.name, path, wiring_);
        if (file == nullptr || (offset > 0 && text[offset - 1] == '$')) {
            return;
        }
        const bool taken =
            std::any_of(file->edits.begin(), file->edits.end(), [&](const TextEdit& edit) {
                return offset < edit.offset + edit.length && edit.offset < offset + length;
            });
        if (taken) {
            return;  // a recognised place goes first
        }
        const std::string key =
            address_key(old, in_, {path, line_of_offset(text, offset), 0.7}, wiring_);
        file->edits.push_back({offset, length, fmt::format("${{{}}}{}", key, after)});
        if (const Component* component = component_of_file(machine_, path)) {
            add_units(file->restart, units_of(*component));
        }
    }

    const MachineFacts& machine_;
    const WiringInputs& in_;
    MachineWiring& wiring_;
    std::vector<OldAddress> old_;
};

}  // namespace

bool is_network_file(std::string_view path) {
    constexpr std::array<std::string_view, 10> kNetwork{"/etc/network/",
                                                        "/etc/systemd/network/",
                                                        "/etc/netplan/",
                                                        "/etc/NetworkManager/",
                                                        "/etc/sysconfig/network",
                                                        "/etc/hosts",
                                                        "/etc/hostname",
                                                        "/etc/resolv.conf",
                                                        "/etc/cloud/",
                                                        "/etc/dhcp/"};
    return std::any_of(kNetwork.begin(), kNetwork.end(), [&](std::string_view prefix) {
        return prefix.ends_with('/') || prefix.ends_with("network") ? path.starts_with(prefix)
                                                                    : path == prefix;
    });
}

void sweep_addresses(const MachineFacts& machine, const WiringInputs& in, MachineWiring& wiring) {
    Sweeper(machine, in, wiring).run();
}

void wire_hosts_file(const MachineFacts& machine, const WiringInputs& in, MachineWiring& wiring) {
    std::vector<std::string> units;
    for (const Connection& connection : in.map.connections) {
        if (connection.from.machine == machine.name && !connection.inner &&
            in.is_in_hosts(machine, bare_host(connection.host))) {
            add_units(units, units_of(*find_output(machine, connection.from).first));
        }
    }
    for (const HostName& line : machine.hosts) {
        const std::string address = bare_host(line.address);
        const auto source = in.read(machine.name, line.evidence.file);
        if (is_loopback(address) || line.names.empty() || !source) {
            continue;
        }
        const auto owners = in.book.find_owners(machine.name, line.names.front());
        if (owners.empty()) {
            continue;  // a host outside of the set keeps its line
        }
        WiredFile* file = file_to_edit(in, machine.name, line.evidence.file, wiring);
        const auto start = find_place(source->text, {line.evidence.file, line.evidence.line, 1, 1});
        const auto words = find_word(source->text, line.address);
        const auto word = std::find_if(words.begin(), words.end(), [&](std::size_t at) {
            return start && at >= start->offset;
        });
        if (file == nullptr || word == words.end()) {
            continue;
        }
        const std::string& peer = owners.front().machine;
        const OldAddress old{peer, address, in.networks.network_for(peer, address, machine.name)};
        const std::string key = address_key(old, in, line.evidence, wiring);
        add_edit(file->edits, {*word, line.address.size(), fmt::format("${{{}}}", key)});
        add_units(file->restart, units);
    }
}

}  // namespace assembler
