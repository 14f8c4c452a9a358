// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/generate/assembly_of_facts.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "assembler/introspect/connect/property_keys.h"
#include "base/byte_size.h"
#include "base/json.h"
#include "base/printable.h"

namespace assembler {

namespace {

constexpr std::uint64_t kDefaultMemory = base::kGiB;
constexpr std::uint64_t kJavaMemory = 2 * base::kGiB;

// JSON's texts are YAML's texts in double quotes.
std::string quoted(const std::string& text) {
    return base::to_json_text(base::Json(text));
}

// For a comment: one line of printable text.
std::string comment_line(const std::string& text) {
    return base::printable_line(text);
}

std::string evidence_text(const Evidence& evidence) {
    if (evidence.file.empty()) {
        return "";
    }
    const std::string place =
        evidence.line == 0 ? evidence.file : fmt::format("{}:{}", evidence.file, evidence.line);
    return fmt::format("{}, confidence {:.2f}", place, evidence.confidence);
}

class AssemblyWriter {
  public:
    AssemblyWriter(const std::vector<MachineFacts>& machines, const ConnectionMap& map,
                   const NetworkMap& networks, const std::map<std::string, MachineWiring>& wirings,
                   const AssemblyOptions& options)
        : machines_(machines),
          map_(map),
          networks_(networks),
          wirings_(wirings),
          options_(options),
          order_(start_order(machines, map)) {}

    std::string run() {
        line("# Written by muster introspect; comments say where each thing was seen.");
        remarks();
        line("muster: 1");
        line("name: {}", host_word(options_.name));
        line("version: {}", quoted(options_.version));
        line("");
        write_networks();
        line("machines:");
        for (const MachineFacts& machine : machines_) {
            write_machine(machine);
        }
        write_publish();
        return std::move(text_);
    }

  private:
    template <typename... Args>
    void line(fmt::format_string<Args...> format, Args&&... args) {
        fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
        text_ += '\n';
    }
    void comment(const std::string& indent, const std::string& text) {
        if (!text.empty()) {
            line("{}# {}", indent, comment_line(text));
        }
    }

    void remarks() {
        for (const std::vector<Remark>* list : std::array<const std::vector<Remark>*, 3>{
                 &map_.remarks, &networks_.remarks, &order_.remarks}) {
            for (const Remark& remark : *list) {
                const std::string seen = evidence_text(remark.evidence);
                comment("", fmt::format("Look at: {}{}", remark.text,
                                        seen.empty() ? "" : fmt::format(" ({})", seen)));
            }
        }
    }

    void write_networks() {
        line("networks:");
        for (const FoundNetwork& network : networks_.networks) {
            const std::string was =
                network.subnet ? fmt::format("was {}", to_string(*network.subnet)) : "";
            std::vector<std::string> parts;
            if (network.isolated) {
                parts.emplace_back("isolated: true");
            }
            if (!was.empty()) {
                parts.push_back("description: " + quoted(was));
            }
            line("  {}: {{ {} }}", network.name, fmt::join(parts, ", "));
        }
        line("");
    }

    void write_machine(const MachineFacts& machine) {
        line("  {}:", machine.name);
        const std::string system =
            machine.os.pretty_name.empty() ? machine.os.id : machine.os.pretty_name;
        comment("    ", fmt::format("{}{}{}", machine.source, system.empty() ? "" : ", ", system));
        for (const Component& component : machine.components) {
            write_component(component);
        }
        const auto source = options_.machines.find(machine.name);
        const bool known = source != options_.machines.end();
        line("    image: {}",
             quoted(known ? source->second.image : fmt::format("{}.qcow2", machine.name)));
        line("    cpus: {}", known ? source->second.cpus.value_or(1) : 1);
        line("    memory: {}",
             base::format_byte_size(known ? source->second.memory_bytes.value_or(memory_of(machine))
                                          : memory_of(machine)));
        line("    networks: [{}]", fmt::join(networks_.of_machine.at(machine.name), ", "));
        write_after(machine);
        write_properties(machine);
        write_ready(machine);
    }

    void write_component(const Component& component) {
        std::vector<std::string> inputs;
        for (const Input& input : component.inputs) {
            inputs.push_back(input.port == 0 ? input.address
                                             : fmt::format("{} {}", input.protocol, input.port));
        }
        comment(
            "    ",
            fmt::format(
                "{}{}{}", component.name, component.version.empty() ? "" : " " + component.version,
                inputs.empty() ? "" : fmt::format(", listens on {}", fmt::join(inputs, ", "))));
    }

    static std::uint64_t memory_of(const MachineFacts& machine) {
        const bool java = std::any_of(
            machine.components.begin(), machine.components.end(), [](const Component& one) {
                return one.kind == "tomcat" || one.kind == "java" || one.kind == "weblogic";
            });
        return java ? kJavaMemory : kDefaultMemory;
    }

    void write_after(const MachineFacts& machine) {
        for (const Connection& connection : map_.connections) {
            if (connection.from.machine == machine.name && !connection.inner) {
                comment("    ", fmt::format("{} {} -> {} port {}, confidence {:.2f}: {}:{}",
                                            connection.from.component, connection.from.name,
                                            connection.generic
                                                ? fmt::format("{} (nothing seen to listen there)",
                                                              connection.to.machine)
                                                : fmt::format("{} {}", connection.to.machine,
                                                              connection.to.component),
                                            connection.port, connection.confidence,
                                            connection.output_evidence.file,
                                            connection.output_evidence.line));
            }
        }
        const auto after = order_.after.find(machine.name);
        if (after != order_.after.end() && !after->second.empty()) {
            line("    after: [{}]", fmt::join(after->second, ", "));
        }
    }

    void write_properties(const MachineFacts& machine) {
        const MachineWiring& wiring = wirings_.at(machine.name);
        for (const Remark& remark : wiring.remarks) {
            comment("    ", fmt::format("Look at: {}", remark.text));
        }
        for (const SecretFact& secret : machine.secrets) {
            write_secret(secret, wiring);
        }
        if (wiring.keys.empty()) {
            return;
        }
        line("    properties:");
        for (const WiredKey& key : wiring.keys) {
            const std::string seen = evidence_text(key.evidence);
            comment("      ", fmt::format("{}{}{}", key.comment,
                                          key.comment.empty() || seen.empty() ? "" : "; ", seen));
            line("      {}: {{ {} }}", key.key, fmt::join(parts_of(key), ", "));
        }
    }

    // Secrets without a property of their own: named, so that nobody ships them unknowing.
    void write_secret(const SecretFact& secret, const MachineWiring& wiring) {
        const bool has_property =
            std::any_of(wiring.keys.begin(), wiring.keys.end(), [&](const WiredKey& key) {
                return key.kind == WiredKey::Kind::secret &&
                       key.evidence.file == secret.evidence.file &&
                       key.evidence.line == secret.evidence.line;
            });
        if (!has_property) {
            comment("    ", fmt::format("Secret: {}, stays in the image as it is ({})", secret.what,
                                        evidence_text(secret.evidence)));
        }
    }

    static std::vector<std::string> parts_of(const WiredKey& key) {
        std::vector<std::string> parts;
        if (key.kind == WiredKey::Kind::port) {
            parts.emplace_back("type: port");
        } else if (key.kind == WiredKey::Kind::secret) {
            parts.emplace_back("type: password");
        }
        if (!key.value.empty()) {
            parts.push_back("value: " + quoted(key.value));
        } else if (key.default_value) {
            parts.push_back("default: " + quoted(*key.default_value));
        }
        if (key.required) {
            parts.emplace_back("required: true");
        }
        if (key.user) {
            parts.emplace_back("user: true");
        }
        if (!key.label.empty()) {
            parts.push_back("label: " + quoted(comment_line(key.label)));
        }
        return parts;
    }

    // That a port is open is all that is sure; what an application answers to "GET /" is not.
    void write_ready(const MachineFacts& machine) {
        const Input* best = nullptr;
        for (const Component& component : machine.components) {
            for (const Input& input : component.inputs) {
                const bool reachable = component.enabled && !component.infrastructure &&
                                       input.port != 0 && !is_loopback(input.address);
                const bool web = input.protocol == "http";
                if (reachable && (best == nullptr || (web && best->protocol != "http"))) {
                    best = &input;
                }
            }
        }
        if (best == nullptr) {
            return;
        }
        comment("    ", evidence_text(best->evidence));
        line("    ready: {{ tcp: {}, timeout: 10 min }}", best->port);
        if (best->protocol == "http") {
            comment("    ",
                    fmt::format("ready: {{ http: \":{}/\", timeout: 10 min }}  when the address "
                                "\"/\" answers without an error",
                                best->port));
        }
    }

    void write_publish() {
        std::vector<const OpenInput*> published;
        std::vector<const OpenInput*> others;
        for (const OpenInput& open : map_.open_inputs) {
            const bool web = open.protocol == "http" || open.protocol == "https";
            (web ? published : others).push_back(&open);
        }
        if (published.empty() && others.empty()) {
            return;
        }
        line("");
        if (!published.empty()) {
            line("publish:");
        } else {
            comment("", "publish:");
        }
        for (const OpenInput* open : published) {
            line("  - {{ machine: {}, port: {}, as: {} }}  # {}", open->input.machine, open->port,
                 quoted(open->protocol), comment_line(evidence_text(open->evidence)));
        }
        for (const OpenInput* open : others) {
            comment("  ",
                    fmt::format("- {{ machine: {}, port: {}, as: {} }}  # {}", open->input.machine,
                                open->port, quoted(open->protocol), evidence_text(open->evidence)));
        }
    }

    const std::vector<MachineFacts>& machines_;
    const ConnectionMap& map_;
    const NetworkMap& networks_;
    const std::map<std::string, MachineWiring>& wirings_;
    const AssemblyOptions& options_;
    StartOrder order_;
    std::string text_;
};

}  // namespace

std::string assembly_of_facts(const std::vector<MachineFacts>& machines, const ConnectionMap& map,
                              const NetworkMap& networks,
                              const std::map<std::string, MachineWiring>& wirings,
                              const AssemblyOptions& options) {
    return AssemblyWriter(machines, map, networks, wirings, options).run();
}

}  // namespace assembler
