// SPDX-License-Identifier: Apache-2.0
// The shop of sample_facts.h with its files, and all that is generated for it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "assembler/introspect/connect/match_connections.h"
#include "assembler/introspect/generate/assembly_of_facts.h"
#include "assembler/introspect/generate/guest_config_of_facts.h"
#include "ovfkit/env/config/config_template.h"
#include "tests/unit/assembler/introspect/connect/sample_facts.h"

namespace tests {

struct GeneratedShop {
    explicit GeneratedShop(std::vector<MachineFacts> facts = shop_facts(),
                           std::map<std::string, std::string> more = {},
                           const assembler::WiringOptions& options = {})
        : machines(std::move(facts)), texts(std::move(more)) {
        map = assembler::match_connections(machines);
        networks = assembler::find_networks(machines, map);
        wirings = assembler::plan_wiring(
            machines, map, networks,
            [this](const std::string& machine, const std::string& path) {
                return read(machine, path);
            },
            options);
    }

    std::optional<assembler::SourceFile> read(const std::string& machine,
                                              const std::string& path) const {
        const auto own = texts.find(machine + ":" + path);
        const std::string text = own != texts.end() ? own->second : shop_text(path);
        return text.empty() ? std::nullopt
                            : std::optional(assembler::SourceFile{path, text, "root:shop", 0640});
    }

    std::string assembly(const assembler::AssemblyOptions& options = {.name = "Shop"}) const {
        return assembly_of_facts(machines, map, networks, wirings, options);
    }

    ovfkit::ConfigSchema config(const std::string& name) const {
        for (const MachineFacts& machine : machines) {
            if (machine.name == name) {
                return guest_config_of(machine, wirings.at(name));
            }
        }
        return {};
    }

    // The file as the guest would write it with these values; "" when it is no template.
    std::string expand(const std::string& machine, const std::string& path,
                       const std::map<std::string, std::string>& values) const {
        for (const ovfkit::ConfigFile& file : config(machine).files) {
            if (file.path == path) {
                return ovfkit::expand_config_template(
                           ovfkit::parse_config_template(file.text),
                           [&](const std::string& key) -> std::optional<std::string> {
                               const auto found = values.find(key);
                               return found == values.end() ? std::nullopt
                                                            : std::optional(found->second);
                           })
                    .value_or("a value is missing");
            }
        }
        return "";
    }

    std::vector<MachineFacts> machines;
    std::map<std::string, std::string> texts;  // by "machine:path"
    assembler::ConnectionMap map;
    assembler::NetworkMap networks;
    std::map<std::string, assembler::MachineWiring> wirings;
};

inline const char* shop_hosts() {
    return "127.0.0.1 localhost\n127.0.1.1 app\n10.0.5.30 db.shop.lan db\n192.0.2.1 mirror\n";
}

}  // namespace tests
