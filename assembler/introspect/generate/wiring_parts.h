// SPDX-License-Identifier: Apache-2.0
// What the steps of plan_wiring() share: the inputs they look things up in, and the one way of
// putting a key into a file.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "assembler/introspect/connect/address_book.h"
#include "assembler/introspect/generate/wiring.h"

namespace assembler {

// Keeps references: the values outlive it.
struct WiringInputs {
    WiringInputs(const std::vector<MachineFacts>& all, const ConnectionMap& connections,
                 const NetworkMap& found, const FileReader& reader, const WiringOptions& wanted)
        : machines(all),
          map(connections),
          networks(found),
          read(reader),
          options(wanted),
          book(all) {}

    const std::vector<MachineFacts>& machines;
    const ConnectionMap& map;
    const NetworkMap& networks;
    const FileReader& read;
    const WiringOptions& options;
    AddressBook book;

    // The name is one of the machine's own /etc/hosts: it can stay in its files.
    bool is_in_hosts(const MachineFacts& machine, const std::string& host) const;
    // The address that a host means: itself, or what /etc/hosts says; else the host.
    std::string address_of(const MachineFacts& machine, const std::string& host) const;
    // The key of the port that the connection's input listens on; empty: it is not in a file.
    std::string listener_key(const Connection& connection) const;
};

std::pair<const Component*, const Output*> find_output(const MachineFacts& machine,
                                                       const Endpoint& end);
const Component* component_of_file(const MachineFacts& machine, const std::string& file);
std::vector<std::string> units_of(const Component& component);
// One that is a word in a text, not a key file or a hash that other programs made.
bool is_replaceable_secret(const SecretFact& secret);

// Puts `${key}` where `text` stands at the place. Empty, or why it cannot be.
std::string put_place(const WiringInputs& in, const std::string& machine, const ValuePlace& place,
                      const std::string& text, const std::string& key,
                      const std::vector<std::string>& units, MachineWiring& wiring);
// The file among those that are edited; nullptr when it cannot be a template.
WiredFile* file_to_edit(const WiringInputs& in, const std::string& machine, const std::string& path,
                        MachineWiring& wiring);
void add_units(std::vector<std::string>& units, const std::vector<std::string>& more);

}  // namespace assembler
