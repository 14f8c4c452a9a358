// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/assembler/introspect/truth/truth.h"

#include <algorithm>
#include <functional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "assembler/introspect/connect/addresses.h"
#include "base/yaml.h"

namespace tests {

namespace {

using assembler::Component;
using assembler::MachineFacts;
using base::YamlNode;

std::vector<std::string> one_or_more(const YamlNode& node) {
    std::vector<std::string> words;
    if (node.type() == YamlNode::Type::sequence) {
        for (const YamlNode& one : node.as_sequence()) {
            words.push_back(one.as_string());
        }
    } else {
        words.push_back(node.as_string());
    }
    return words;
}

// "web/nginx" in two parts.
void split_end(const std::string& text, std::string& machine, std::string& component) {
    machine = text.substr(0, text.find('/'));
    component = text.substr(text.find('/') + 1);
}

TrueEntry entry_of(const YamlNode& node) {
    TrueEntry entry;
    for (const auto& [key, value] : node.as_map()) {
        if (key == "machine") {
            entry.machine = value.as_string();
        } else if (key == "component") {
            entry.component = value.as_string();
        } else if (key == "from") {
            split_end(value.as_string(), entry.machine, entry.component);
        } else if (key == "to") {
            split_end(value.as_string(), entry.to_machine, entry.to_component);
        } else if (key == "host") {
            entry.host = assembler::bare_host(value.as_string());
        } else if (key == "protocol") {
            entry.protocols = one_or_more(value);
        } else if (key == "port") {
            entry.at = value.as_string();
        } else if (key == "socket") {
            entry.at = assembler::socket_path(value.as_string());
        } else if (key == "what") {
            entry.what = value.as_string();
        }
    }
    return entry;
}

TrueComponent component_of(const YamlNode& node) {
    TrueComponent component;
    for (const auto& [key, value] : node.as_map()) {
        if (key == "machine") {
            component.machine = value.as_string();
        } else if (key == "name") {
            component.name = value.as_string();
        } else if (key == "product") {
            component.products = one_or_more(value);
        } else if (key == "unit") {
            component.unit = value.as_string();
        } else if (key == "instance") {
            component.instance = value.as_string();
        }
    }
    return component;
}

std::string at_of(std::uint16_t port, const std::string& path) {
    return port == 0 ? assembler::socket_path(path) : std::to_string(port);
}

// Whether a component that was found is the one of the file: handles are the file's own.
class Components {
  public:
    Components(const Truth& truth, const std::vector<MachineFacts>& machines)
        : truth_(truth), machines_(machines) {}

    bool is_same(const std::string& machine, const std::string& found,
                 const std::string& handle) const {
        const auto wanted = std::find_if(
            truth_.components.begin(), truth_.components.end(),
            [&](const auto& one) { return one.machine == machine && one.name == handle; });
        const Component* component = find_found(machine, found);
        if (wanted == truth_.components.end() || component == nullptr) {
            return false;
        }
        return fit(*component, *wanted) > 0 &&
               fit(*component, *wanted) >= best_fit(*component, machine);
    }

  private:
    const Component* find_found(const std::string& machine, const std::string& name) const {
        for (const MachineFacts& one : machines_) {
            for (const Component& component : one.components) {
                if (one.name == machine && component.name == name) {
                    return &component;
                }
            }
        }
        return nullptr;
    }

    // Product, unit and instance say what it is; the name only breaks a tie.
    static int fit(const Component& found, const TrueComponent& wanted) {
        const auto has = [&](const std::string& product) {
            return found.kind == product || found.name == product;
        };
        int points = std::any_of(wanted.products.begin(), wanted.products.end(), has) ? 4 : 0;
        points += !wanted.unit.empty() && found.unit == wanted.unit ? 4 : 0;
        const std::string last = wanted.instance.substr(wanted.instance.find_last_of('/') + 1);
        points += !last.empty() && found.name.find(last) != std::string::npos ? 2 : 0;
        points += found.name == wanted.name ? 3 : found.name.find(wanted.name) != std::string::npos;
        return points;
    }

    int best_fit(const Component& found, const std::string& machine) const {
        int best = 0;
        for (const TrueComponent& one : truth_.components) {
            if (one.machine == machine) {
                best = std::max(best, fit(found, one));
            }
        }
        return best;
    }

    const Truth& truth_;
    const std::vector<MachineFacts>& machines_;
};

// Name and time servers are never asked for.
bool is_never_counted(const std::string& protocol, std::uint16_t port) {
    return protocol == "dns" || protocol == "ntp" || port == 53 || port == 123;
}

struct Finding {
    std::string text;
    std::function<bool(const TrueEntry&)> is;  // the entry of the truth
    bool neutral = false;
};

Tally tally(const std::vector<TrueEntry>& truth, const std::vector<Finding>& findings,
            const std::function<std::string(const TrueEntry&)>& describe) {
    Tally result;
    std::vector<bool> found(truth.size());
    for (const Finding& finding : findings) {
        bool right = false;
        for (std::size_t i = 0; i < truth.size(); ++i) {
            if (finding.is(truth[i])) {
                right = true;
                found[i] = true;
            }
        }
        if (!right && !finding.neutral) {
            ++result.wrong;
            result.remarks.push_back("wrong:  " + finding.text);
        }
    }
    for (std::size_t i = 0; i < truth.size(); ++i) {
        ++(found[i] ? result.right : result.missed);
        if (!found[i]) {
            result.remarks.push_back("missed: " + describe(truth[i]));
        }
    }
    return result;
}

class Scorer {
  public:
    Scorer(const Truth& truth, const std::vector<MachineFacts>& machines,
           const assembler::ConnectionMap& map)
        : truth_(truth), machines_(machines), map_(map), components_(truth, machines) {}

    Score run() const { return {inputs(), connections(), externals()}; }

  private:
    bool speaks(const TrueEntry& entry, const std::string& protocol) const {
        return std::find(entry.protocols.begin(), entry.protocols.end(), protocol) !=
               entry.protocols.end();
    }

    bool is_neutral(std::string_view what, const std::string& machine, const std::string& at,
                    const std::string& host) const {
        return std::any_of(truth_.neutral.begin(), truth_.neutral.end(), [&](const auto& one) {
            return one.what == what && one.machine == machine && one.at == at &&
                   (one.host.empty() || one.host == host);
        });
    }

    Tally inputs() const {
        std::vector<Finding> findings;
        for (const MachineFacts& machine : machines_) {
            for (const Component& component : machine.components) {
                for (const assembler::Input& input : component.inputs) {
                    const std::string at = at_of(input.port, input.address);
                    if (!component.enabled || is_never_counted(input.protocol, input.port)) {
                        continue;
                    }
                    findings.push_back(
                        {fmt::format("input {} {} {} {} ({})", machine.name, component.name,
                                     input.protocol, at, input.evidence.file),
                         [&machine, &input, at, this](const TrueEntry& entry) {
                             return entry.machine == machine.name && entry.at == at &&
                                    speaks(entry, input.protocol);
                         },
                         is_neutral("input", machine.name, at, "")});
                }
            }
        }
        return tally(truth_.inputs, findings, [](const TrueEntry& entry) {
            return fmt::format("input {} {} {} {}", entry.machine, entry.component,
                               fmt::join(entry.protocols, "|"), entry.at);
        });
    }

    Tally connections() const {
        std::vector<Finding> findings;
        for (const assembler::Connection& one : map_.connections) {
            if (is_never_counted(one.protocol, one.port)) {
                continue;
            }
            findings.push_back(
                {fmt::format("connection {} {} -> {} {} {} {} ({}:{})", one.from.machine,
                             one.from.component, one.to.machine,
                             one.generic ? "generic" : one.to.component, one.protocol,
                             at_of(one.port, one.host), one.output_evidence.file,
                             one.output_evidence.line),
                 [&one, this](const TrueEntry& entry) {
                     const bool same_target =
                         one.generic ||
                         components_.is_same(one.to.machine, one.to.component, entry.to_component);
                     return entry.machine == one.from.machine &&
                            entry.to_machine == one.to.machine &&
                            entry.at == at_of(one.port, one.host) && speaks(entry, one.protocol) &&
                            same_target &&
                            components_.is_same(one.from.machine, one.from.component,
                                                entry.component);
                 },
                 is_neutral("connection", one.from.machine, at_of(one.port, one.host),
                            assembler::bare_host(one.host))});
        }
        return tally(truth_.connections, findings, [](const TrueEntry& entry) {
            return fmt::format("connection {} {} -> {} {} {} {}", entry.machine, entry.component,
                               entry.to_machine, entry.to_component,
                               fmt::join(entry.protocols, "|"), entry.at);
        });
    }

    Tally externals() const {
        std::vector<Finding> findings;
        for (const assembler::External& one : map_.externals) {
            if (is_never_counted(one.protocol, one.port)) {
                continue;
            }
            const std::string host = assembler::bare_host(one.host);
            findings.push_back(
                {fmt::format("external {} {} -> {} {} {} ({}:{})", one.from.machine,
                             one.from.component, host, one.protocol, one.port, one.evidence.file,
                             one.evidence.line),
                 [&one, host, this](const TrueEntry& entry) {
                     return entry.machine == one.from.machine && entry.host == host &&
                            entry.at == std::to_string(one.port) && speaks(entry, one.protocol) &&
                            components_.is_same(one.from.machine, one.from.component,
                                                entry.component);
                 },
                 is_neutral("connection", one.from.machine, std::to_string(one.port), host)});
        }
        return tally(truth_.externals, findings, [](const TrueEntry& entry) {
            return fmt::format("external {} {} -> {} {} {}", entry.machine, entry.component,
                               entry.host, fmt::join(entry.protocols, "|"), entry.at);
        });
    }

    const Truth& truth_;
    const std::vector<MachineFacts>& machines_;
    const assembler::ConnectionMap& map_;
    Components components_;
};

}  // namespace

Truth read_truth(const std::filesystem::path& file) {
    Truth truth;
    for (const auto& [section, entries] : base::read_yaml(file.string()).as_map()) {
        if (section == "machines" || section == "distractors") {
            continue;  // a distractor that is found is in no other section, and so wrong
        }
        for (const YamlNode& node : entries.as_sequence()) {
            if (section == "components") {
                truth.components.push_back(component_of(node));
            } else {
                auto& list = section == "inputs"        ? truth.inputs
                             : section == "connections" ? truth.connections
                             : section == "externals"   ? truth.externals
                                                        : truth.neutral;
                list.push_back(entry_of(node));
            }
        }
    }
    return truth;
}

void Tally::add(const Tally& other) {
    right += other.right;
    missed += other.missed;
    wrong += other.wrong;
    remarks.insert(remarks.end(), other.remarks.begin(), other.remarks.end());
}

Tally Score::all() const {
    Tally sum = inputs;
    sum.add(connections);
    sum.add(externals);
    return sum;
}

Score score_findings(const Truth& truth, const std::vector<MachineFacts>& machines,
                     const assembler::ConnectionMap& map) {
    return Scorer(truth, machines, map).run();
}

}  // namespace tests
