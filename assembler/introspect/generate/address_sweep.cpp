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
    std::string subnet;  // as text; empty: not known
};

// The network of a deployment has 24 bits of its own, all of them together 16.
constexpr const char* kNetworkPrefix = "/24";
constexpr const char* kAllPrefix = "/16";
constexpr int kWidestReplaced = 8;

struct WrittenSubnet {
    std::size_t offset = 0;
    std::string text;
    Subnet subnet;
};

// Each "10.0.0.0/16" in the text.
std::vector<WrittenSubnet> written_subnets(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789";
    std::vector<WrittenSubnet> found;
    for (std::size_t slash = text.find('/'); slash != std::string_view::npos;
         slash = text.find('/', slash + 1)) {
        const std::size_t before = text.find_last_not_of("0123456789.", slash == 0 ? 0 : slash - 1);
        const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
        const std::size_t end = std::min(text.find_first_not_of(kDigits, slash + 1), text.size());
        const std::string word(text.substr(begin, end - begin));
        const auto subnet = find_subnet(word);
        const auto words = find_word(text.substr(begin, end + 2 - begin), word);
        if (subnet && subnet->prefix >= kWidestReplaced && !words.empty()) {
            found.push_back({begin, word, *subnet});
        }
    }
    return found;
}

// The fixed addresses of all machines of the set.
std::vector<OldAddress> old_addresses(const WiringInputs& in, const std::string& asking) {
    std::vector<OldAddress> all;
    for (const MachineFacts& machine : in.machines) {
        for (const InterfaceFact& interface : machine.interfaces) {
            for (const std::string& written : interface.addresses) {
                const std::string address = bare_host(written);
                if (is_address(address) && !is_loopback(address) && !is_any_address(address) &&
                    !address.starts_with("fe80:") && !is_inner_interface(interface.name)) {
                    all.push_back({machine.name, address,
                                   in.networks.network_for(machine.name, address, asking),
                                   subnet_text(written)});
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
        sweep_subnets(path, text);
        for (const OldAddress& old : old_) {
            for (const std::size_t offset : find_word(text, old.text)) {
                const bool brackets = old.text.find(':') != std::string::npos && offset > 0 &&
                                      text[offset - 1] == '[' &&
                                      text.substr(offset + old.text.size(), 1) == "]";
                replace(path, text, offset - (brackets ? 1 : 0),
                        old.text.size() + (brackets ? 2 : 0), old, "");
            }
        }
    }

    // Whom "10.0.5.0/24" let in is in the deployment's network around the machine's own address, or
    // around that of a peer that was in the subnet.
    void sweep_subnets(const std::string& path, const std::string& text) {
        for (const OldAddress& old : old_) {
            const bool v6 = old.subnet.find(':') != std::string::npos;
            for (const std::size_t offset :
                 v6 ? find_word(text, old.subnet) : std::vector<std::size_t>{}) {
                replace(path, text, offset, old.subnet.size(),
                        neighbour([&](const OldAddress& one) { return one.subnet == old.subnet; }),
                        kNetworkPrefix);
            }
        }
        for (const WrittenSubnet& written : written_subnets(text)) {
            const std::string address = written.text.substr(0, written.text.find('/'));
            const bool is_inside = std::any_of(old_.begin(), old_.end(), [&](const auto& old) {
                return contains(written.subnet, old) && old.text != address;
            });
            const bool is_host = std::any_of(old_.begin(), old_.end(),
                                             [&](const auto& old) { return old.text == address; });
            if (is_inside && !is_host) {
                const bool network = std::any_of(old_.begin(), old_.end(), [&](const auto& old) {
                    return old.subnet == to_string(written.subnet);
                });
                const bool wide = !network && written.subnet.prefix < 24;
                replace(
                    path, text, written.offset, written.text.size(),
                    neighbour([&](const OldAddress& one) { return contains(written.subnet, one); }),
                    wide ? kAllPrefix : kNetworkPrefix);
            }
        }
    }

    static bool contains(const Subnet& subnet, const OldAddress& old) {
        const auto address = find_ipv4(old.text);
        return address && subnet.contains(*address);
    }

    // This machine's own address if it is one of those, else the first. There is one.
    template <typename Fits>
    const OldAddress& neighbour(const Fits& fits) const {
        const auto own = std::find_if(old_.begin(), old_.end(), [&](const OldAddress& one) {
            return one.machine == machine_.name && fits(one);
        });
        return own != old_.end() ? *own : *std::find_if(old_.begin(), old_.end(), fits);
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
