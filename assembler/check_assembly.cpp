// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "assembler/assembly_file.h"
#include "base/yaml.h"
#include "ovfkit/descriptor/value_template.h"

namespace assembler {

namespace {

using ovfkit::TemplateReference;

class Checker {
  public:
    explicit Checker(const Assembly& assembly) : assembly_(assembly) {
        for (const AssemblyNetwork& network : assembly.networks) {
            networks_.push_back(network.name);
        }
        for (const AssemblyMachine& machine : assembly.machines) {
            machines_.push_back(machine.name);
        }
    }

    std::vector<std::string> run() {
        for (const AssemblyMachine& machine : assembly_.machines) {
            check_machine(machine);
        }
        check_publish();
        check_configurations();
        check_order();
        check_values();
        return std::move(faults_);
    }

  private:
    template <typename... Args>
    void fault(fmt::format_string<Args...> format, Args&&... args) {
        faults_.push_back(fmt::format(format, std::forward<Args>(args)...));
    }

    static std::string guess(const std::string& word, const std::vector<std::string>& known) {
        const auto similar = base::find_similar(word, known);
        return similar ? fmt::format(", did you mean '{}'?", *similar) : "";
    }

    const AssemblyMachine* find_machine(const std::string& name) const {
        const auto found =
            std::find_if(assembly_.machines.begin(), assembly_.machines.end(),
                         [&](const AssemblyMachine& machine) { return machine.name == name; });
        return found == assembly_.machines.end() ? nullptr : &*found;
    }

    void check_machine(const AssemblyMachine& machine) {
        std::set<std::string> seen;
        for (const std::string& network : machine.networks) {
            if (std::find(networks_.begin(), networks_.end(), network) == networks_.end()) {
                fault("machine '{}' is on unknown network '{}'{}", machine.name, network,
                      guess(network, networks_));
            }
            if (!seen.insert(network).second) {
                fault("machine '{}' is on network '{}' twice", machine.name, network);
            }
        }
        for (const std::string& earlier : machine.after) {
            if (find_machine(earlier) == nullptr) {
                fault("machine '{}' is started after unknown machine '{}'{}", machine.name, earlier,
                      guess(earlier, machines_));
            }
        }
        for (const AssemblyProperty& property : machine.properties) {
            for (const auto& part : ovfkit::parse_value_template(property.value_template)) {
                if (part.reference) {
                    check_reference(machine, property, *part.reference);
                }
            }
        }
        if (machine.ready && machine.ready->kind != ovfkit::Readiness::Kind::key &&
            machine.networks.empty()) {
            fault("machine '{}' cannot be asked whether it is ready: it is on no network",
                  machine.name);
        }
    }

    void check_reference(const AssemblyMachine& machine, const AssemblyProperty& property,
                         const TemplateReference& reference) {
        const std::string what =
            fmt::format("property '{}' of machine '{}'", property.key, machine.name);
        const AssemblyMachine* target = find_machine(reference.machine);
        if (target == nullptr) {
            fault("{} refers to unknown machine '{}'{}", what, reference.machine,
                  guess(reference.machine, machines_));
            return;
        }
        if (reference.kind != TemplateReference::Kind::property) {
            if (std::find(target->networks.begin(), target->networks.end(), reference.name) ==
                target->networks.end()) {
                fault("{} wants the address of '{}' on network '{}', which it is not on{}", what,
                      target->name, reference.name, guess(reference.name, target->networks));
            }
            return;
        }
        std::vector<std::string> keys;
        for (const AssemblyProperty& one : target->properties) {
            keys.push_back(one.key);
        }
        if (std::find(keys.begin(), keys.end(), reference.name) == keys.end()) {
            fault("{} refers to unknown property '{}' of machine '{}'{}", what, reference.name,
                  target->name, guess(reference.name, keys));
        }
    }

    void check_publish() {
        std::set<std::uint16_t> host_ports;
        for (const ovfkit::Publish& publish : assembly_.publish) {
            const AssemblyMachine* machine = find_machine(publish.machine);
            if (machine == nullptr) {
                fault("a port of unknown machine '{}' is published{}", publish.machine,
                      guess(publish.machine, machines_));
            } else if (machine->networks.empty()) {
                fault("port {} of machine '{}' is published, but it is on no network", publish.port,
                      publish.machine);
            }
            if (publish.host_port && !host_ports.insert(*publish.host_port).second) {
                fault("host port {} is published twice", *publish.host_port);
            }
        }
    }

    void check_configurations() {
        int defaults = 0;
        for (const AssemblyConfiguration& configuration : assembly_.configurations) {
            defaults += configuration.is_default ? 1 : 0;
            for (const MachineOverride& change : configuration.overrides) {
                if (find_machine(change.machine) == nullptr) {
                    fault("configuration '{}' changes unknown machine '{}'{}", configuration.name,
                          change.machine, guess(change.machine, machines_));
                }
            }
        }
        if (defaults > 1) {
            fault("more than one configuration is the default");
        }
    }

    // Depth first from every node; a path that meets itself is told once, from its first node.
    void find_cycles(const std::map<std::string, std::vector<std::string>>& edges,
                     const std::function<void(const std::vector<std::string>&)>& report) {
        std::set<std::string> done;
        std::vector<std::string> path;
        const std::function<void(const std::string&)> visit = [&](const std::string& node) {
            const auto on_path = std::find(path.begin(), path.end(), node);
            if (on_path != path.end()) {
                std::vector<std::string> cycle(on_path, path.end());
                cycle.push_back(node);
                report(cycle);
                return;
            }
            if (done.contains(node)) {
                return;
            }
            path.push_back(node);
            const auto next = edges.find(node);
            if (next != edges.end()) {
                std::for_each(next->second.begin(), next->second.end(), visit);
            }
            path.pop_back();
            done.insert(node);
        };
        for (const auto& [node, next] : edges) {
            visit(node);
        }
    }

    void check_order() {
        std::map<std::string, std::vector<std::string>> edges;
        for (const AssemblyMachine& machine : assembly_.machines) {
            edges[machine.name] = machine.after;
        }
        find_cycles(edges, [&](const std::vector<std::string>& cycle) {
            fault("machines wait for each other: {}", fmt::join(cycle, " after "));
        });
    }

    void check_values() {
        std::map<std::string, std::vector<std::string>> edges;
        for (const AssemblyMachine& machine : assembly_.machines) {
            for (const AssemblyProperty& property : machine.properties) {
                auto& needs = edges[machine.name + "." + property.key];
                for (const auto& part : ovfkit::parse_value_template(property.value_template)) {
                    if (part.reference &&
                        part.reference->kind == TemplateReference::Kind::property) {
                        needs.push_back(part.reference->machine + "." + part.reference->name);
                    }
                }
            }
        }
        find_cycles(edges, [&](const std::vector<std::string>& cycle) {
            fault("values need each other: {}", fmt::join(cycle, " needs "));
        });
    }

    const Assembly& assembly_;
    std::vector<std::string> networks_;
    std::vector<std::string> machines_;
    std::vector<std::string> faults_;
};

}  // namespace

std::vector<std::string> check_assembly(const Assembly& assembly) {
    return Checker(assembly).run();
}

}  // namespace assembler
