// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/plugin/rules/evaluate.h"

#include <algorithm>

#include <fmt/format.h>

#include "assembler/introspect/plugin/endpoint/endpoint.h"
#include "assembler/introspect/plugin/endpoint/protocols.h"
#include "assembler/introspect/plugin/rules/endpoint_rules.h"
#include "assembler/introspect/plugin/rules/group_members.h"
#include "assembler/introspect/plugin/rules/protocol_rule.h"
#include "base/error.h"
#include "base/port.h"

namespace assembler::plugin {

namespace {

constexpr double kDefault = 0.7;

class RuleRun {
  public:
    RuleRun(const Plugin& plugin, const Settings& settings, FileCache& cache, Component& component)
        : plugin_(plugin), settings_(settings), cache_(cache), component_(component) {}

    void run() {
        for (const EndpointRule& rule : plugin_.inputs) {
            for_each_match(rule.select, rule.conditions,
                           [&](const RuleContext& context) { run_input(rule, context); });
        }
        for (const EndpointRule& rule : plugin_.outputs) {
            for_each_match(rule.select, rule.conditions,
                           [&](const RuleContext& context) { run_output(rule, context); });
        }
        for (const PropertyRule& rule : plugin_.properties) {
            for_each_match(rule.select, {},
                           [&](const RuleContext& context) { run_property(rule, context); });
        }
    }

  private:
    template <typename Fn>
    void for_each_match(const PathTemplate& select, const Conditions& conditions, const Fn& fn) {
        for (const QueryMatch& match : settings_.select(select, {})) {
            const RuleContext context{match.node, match.star};
            if (settings_.hold(conditions, context)) {
                fn(context);
            }
        }
    }

    bool any_finds(const std::vector<PathTemplate>& paths, const RuleContext& context) const {
        Conditions conditions;
        for (const PathTemplate& path : paths) {
            conditions.when = {path};
            if (settings_.hold(conditions, context)) {
                return true;
            }
        }
        return false;
    }

    std::optional<SourcePosition> position_of(const RuleContext& context) const {
        return settings_.tree().node(context.here).position;
    }

    Evidence evidence_of(const std::optional<SourcePosition>& position, double confidence) const {
        Evidence evidence = cache_.evidence_at(position, confidence);
        if (evidence.file.empty()) {
            evidence.file =
                settings_.files().empty() ? component_.evidence.file : settings_.files().front();
        }
        return evidence;
    }

    std::string name_of(const EndpointRule& rule, const RuleContext& context,
                        const std::string& fallback) const {
        const auto name = rule.name.empty() ? std::nullopt : settings_.fill(rule.name, context);
        std::string plain = plain_name(name.value_or(fallback));
        return plain.empty() ? plain_name(fallback) : plain;
    }

    void run_input(const EndpointRule& rule, const RuleContext& context) {
        const ConfigNode& node = settings_.tree().node(context.here);
        if (rule.except_names.match(node.name)) {
            return;
        }
        const TracedText port = last_value(settings_, rule.port, context);
        std::vector<Endpoint> found;
        if (!rule.socket.empty()) {
            Endpoint endpoint;
            endpoint.socket = settings_.fill_first(rule.socket, {}, context).value_or("");
            if (endpoint.socket.starts_with('/')) {
                found.push_back(std::move(endpoint));
            }
        } else if (rule.endpoint) {
            for (const TracedText& value : settings_.values(*rule.endpoint, context)) {
                for (Endpoint& endpoint : parse_listen_endpoints(value)) {
                    endpoint.port = endpoint.port.empty() ? port : endpoint.port;
                    found.push_back(std::move(endpoint));
                }
            }
        } else {
            add_addresses(rule, context, port, found);
        }
        for (const Endpoint& endpoint : found) {
            make_input(rule, context, endpoint);
        }
    }

    // A port for each address; an address that is written but empty: none.
    void add_addresses(const EndpointRule& rule, const RuleContext& context, const TracedText& port,
                       std::vector<Endpoint>& found) const {
        Endpoint endpoint;
        endpoint.port = port;
        std::vector<TracedText> addresses;
        if (rule.address) {
            addresses = settings_.values(*rule.address, context);
            const bool written_empty =
                addresses.empty() &&
                std::any_of(rule.address->from.begin(), rule.address->from.end(),
                            [&](const PathTemplate& path) {
                                return !settings_.values(path, context).empty();
                            });
            if (written_empty) {
                return;
            }
        }
        if (addresses.empty()) {
            found.push_back(endpoint);
        }
        for (const TracedText& address : addresses) {
            endpoint.host = address;
            found.push_back(endpoint);
        }
    }

    void make_input(const EndpointRule& rule, const RuleContext& context,
                    const Endpoint& endpoint) {
        Input input;
        double confidence = rule.confidence;
        if (!endpoint.socket.empty()) {
            input.address = endpoint.socket;
        } else {
            const auto written = base::find_port(endpoint.port.text());
            if (!written && (!endpoint.port.empty() || rule.needs_port)) {
                return;  // 0, -1, a variable: it does not listen, or nobody knows
            }
            input.port = written.value_or(rule.default_port);
            if (input.port == 0) {
                bool guessed = false;
                input.port = usual_port(
                    protocol_of(settings_, rule.protocol, context, endpoint.scheme, 0, &guessed));
            }
            confidence = written ? confidence : std::min(confidence, kDefault);
            const std::string& address = endpoint.host.text();
            input.address =
                address.starts_with('-') ? address.substr(1) : address;  // Redis' "-::1"
            if (input.address.empty() || input.address == "*" || input.address == "+" ||
                input.address == "_default_") {
                input.address = address.empty()
                                    ? settings_.fill(rule.default_address, context).value_or("")
                                    : "0.0.0.0";
            }
            const bool good = is_any_address(input.address) || is_host(input.address);
            if (input.port == 0 || !good) {
                return;
            }
        }
        bool guessed = false;
        input.protocol =
            protocol_of(settings_, rule.protocol, context, endpoint.scheme, input.port, &guessed);
        if (input.protocol.empty() || rule.except_protocols.match(input.protocol)) {
            return;
        }
        if (any_finds(rule.tls, {context.here, context.star, std::to_string(input.port)})) {
            input.protocol = tls_form(input.protocol);
        }
        input.name = name_of(rule, context, input.protocol);
        auto position = endpoint.port.position_at(0);
        position = position ? position : endpoint.host.position_at(0);
        input.evidence = evidence_of(position ? position : position_of(context), confidence);
        if (const auto place = cache_.place_of(endpoint.port)) {
            input.port_places.push_back(*place);
        }
        add_input(component_, std::move(input));
    }

    void run_output(const EndpointRule& rule, const RuleContext& context) {
        const ConfigNode& node = settings_.tree().node(context.here);
        if (rule.except_names.match(node.name)) {
            return;
        }
        const std::vector<TracedText> values =
            settings_.values(rule.endpoint.value_or(ValueRule{}), context);
        for (const TracedText& value : values) {
            for (Endpoint& endpoint : parse_endpoints(value)) {
                if (endpoint.port.empty()) {
                    endpoint.port = last_value(settings_, rule.port, context);
                }
                const TracedText database = last_value(settings_, rule.database, context);
                endpoint.database = database.empty() ? endpoint.database : database;
                const std::vector<GroupMember> members =
                    find_group_members(plugin_, settings_, rule.through, endpoint);
                if (members.empty()) {
                    make_output(rule, context, endpoint, "");
                }
                for (const GroupMember& member : members) {
                    make_output(rule, context, member.endpoint, member.group);
                }
            }
        }
    }

    void make_output(const EndpointRule& rule, const RuleContext& context, const Endpoint& endpoint,
                     const std::string& group) {
        const std::string& host = endpoint.host.text();
        if (endpoint.socket.empty() && (!is_host(host) || rule.except_hosts.match(host))) {
            if (host.find('$') != std::string::npos && rule.confidence == 1.0) {
                cache_.add_remark(fmt::format("not known what '{}' stands for", host),
                                  endpoint.host.position_at(0));
            }
            return;
        }
        const auto written = base::find_port(endpoint.port.text());
        const bool has_scheme = find_protocol_of_scheme(endpoint.scheme).has_value();
        if ((rule.needs_scheme && !has_scheme) || (rule.needs_port && !written)) {
            return;
        }
        Output output;
        bool guessed = false;
        output.protocol = protocol_of(settings_, rule.protocol, context, endpoint.scheme,
                                      written.value_or(0), &guessed);
        if (rule.except_protocols.match(output.protocol) ||
            (output.protocol.empty() && rule.needs_protocol)) {
            return;
        }
        if (output.protocol.empty()) {
            output.protocol = "tcp";
        }
        // ldap at 636 is ldaps, unless the scheme says otherwise.
        const std::string with_tls = tls_form(output.protocol);
        const bool tls_port = !has_scheme && written && with_tls != output.protocol &&
                              find_protocol_of_port(*written) == with_tls;
        if (tls_port || any_finds(rule.tls, context)) {
            output.protocol = with_tls;
        }
        output.host = endpoint.socket.empty() ? host : endpoint.socket;
        if (endpoint.socket.empty()) {
            const std::uint16_t usual =
                rule.default_port != 0 ? rule.default_port : usual_port(output.protocol);
            output.port = written.value_or(usual);
            output.port_written = written.has_value();
            if (output.port == 0) {
                return;
            }
            note_places(endpoint, output);
        }
        // Of HTTP it is a path, which says nothing of where it leads.
        const std::string_view p = output.protocol;
        const bool is_path = p.starts_with("http") || p == "ajp" || p == "fastcgi" || p == "smtp" ||
                             p == "ldap" || p == "ldaps" || p.starts_with("t3");
        output.database = is_path ? "" : endpoint.database.text();
        output.name = name_of(rule, context, group.empty() ? output.protocol : group);
        auto position = endpoint.host.position_at(0);
        output.evidence = evidence_of(position ? position : position_of(context), rule.confidence);
        output.local_component = local_component(host);
        const std::string name = output.name;
        add_output(component_, std::move(output), guessed);
        add_password(name, endpoint);
    }

    void note_places(const Endpoint& endpoint, Output& output) const {
        if (const auto place = cache_.place_of(endpoint.host)) {
            output.host_places.push_back(*place);
        }
        if (const auto place = cache_.place_of(endpoint.port)) {
            output.port_places.push_back(*place);
        }
    }

    std::string local_component(const std::string& host) const {
        if (!plugin_.local_hosts || host.empty()) {
            return "";
        }
        for (const QueryMatch& match : settings_.select(*plugin_.local_hosts, {})) {
            if (settings_.tree().node(match.node).name == host) {
                return host;
            }
        }
        return "";
    }

    // A password in an address: named with its place, without its value.
    void add_password(const std::string& name, const Endpoint& endpoint) {
        if (endpoint.password.empty()) {
            return;
        }
        PropertyFact property;
        property.key = name + ".password";
        property.secret = true;
        property.evidence = evidence_of(endpoint.password.position_at(0), 1.0);
        add_property(std::move(property), endpoint.password);
    }

    void run_property(const PropertyRule& rule, const RuleContext& context) {
        const std::vector<TracedText> values = settings_.values(rule.value, context);
        if (values.empty()) {
            return;
        }
        PropertyFact property;
        const ConfigNode& node = settings_.tree().node(context.here);
        property.key =
            rule.key.empty() ? node.name : settings_.fill(rule.key, context).value_or(node.name);
        // An address with a password in it is a secret as well.
        const std::vector<Endpoint> inside = parse_endpoints(values.back());
        property.secret =
            rule.secret || std::any_of(inside.begin(), inside.end(), [](const Endpoint& endpoint) {
                return !endpoint.password.empty();
            });
        property.value = property.secret ? "" : values.back().text();
        property.editable = rule.editable;
        property.evidence = evidence_of(position_of(context), 1.0);
        add_property(std::move(property), values.back());
    }

    void add_property(PropertyFact property, const TracedText& value) {
        if (const auto place = cache_.place_of(value)) {
            property.places.push_back(*place);
        }
        for (PropertyFact& other : component_.properties) {
            if (other.key == property.key) {  // the last wins, at all its places
                constexpr std::size_t kMaxPropertyPlaces = 256;
                if (other.places.size() < kMaxPropertyPlaces) {
                    property.places.insert(property.places.begin(), other.places.begin(),
                                           other.places.end());
                }
                const auto same = [](const ValuePlace& a, const ValuePlace& b) {
                    return a.file == b.file && a.line == b.line && a.column == b.column;
                };
                property.places.erase(
                    std::unique(property.places.begin(), property.places.end(), same),
                    property.places.end());
                other = std::move(property);
                return;
            }
        }
        constexpr std::size_t kMaxProperties = 1024;
        if (component_.properties.size() < kMaxProperties) {
            component_.properties.push_back(std::move(property));
        }
    }

    const Plugin& plugin_;
    const Settings& settings_;
    FileCache& cache_;
    Component& component_;
};

}  // namespace

void evaluate_rules(const Plugin& plugin, const Settings& settings, FileCache& cache,
                    Component& component) {
    try {
        RuleRun(plugin, settings, cache, component).run();
    } catch (const base::Error& error) {  // a bound; what was found stands
        if (error.kind() != base::ErrorKind::invalid_input) {
            throw;
        }
        cache.add_remark(fmt::format("{}: {}", plugin.name, error.message()), std::nullopt);
    }
}

}  // namespace assembler::plugin
