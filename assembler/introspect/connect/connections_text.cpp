// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/connect/connections_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace assembler {

namespace {

std::string place_text(const Evidence& evidence) {
    return evidence.line == 0 ? evidence.file : fmt::format("{}:{}", evidence.file, evidence.line);
}

// "http 8080", "postgresql /run/…/.s.PGSQL.5432".
std::string way_text(const std::string& protocol, const std::string& host, std::uint16_t port) {
    return port == 0 ? fmt::format("{} {}", protocol, host) : fmt::format("{} {}", protocol, port);
}

base::Json evidence_json(const Evidence& evidence) {
    return {{"file", evidence.file}, {"line", evidence.line}, {"confidence", evidence.confidence}};
}

base::Json endpoint_json(const Endpoint& end) {
    return {{"machine", end.machine}, {"component", end.component}, {"name", end.name}};
}

base::Json connection_json(const Connection& connection) {
    return {{"from", endpoint_json(connection.from)},
            {"to", endpoint_json(connection.to)},
            {"inner", connection.inner},
            {"generic", connection.generic},
            {"protocol", connection.protocol},
            {"host", connection.host},
            {"port", connection.port},
            {"database", connection.database},
            {"confidence", connection.confidence},
            {"found_by", connection.how},
            {"output_evidence", evidence_json(connection.output_evidence)},
            {"input_evidence",
             connection.generic ? base::Json() : evidence_json(connection.input_evidence)}};
}

base::Json external_json(const External& external) {
    return {{"from", endpoint_json(external.from)},
            {"protocol", external.protocol},
            {"host", external.host},
            {"port", external.port},
            {"database", external.database},
            {"properties", external.properties},
            {"confidence", external.confidence},
            {"evidence", evidence_json(external.evidence)}};
}

base::Json open_input_json(const OpenInput& open) {
    return {{"input", endpoint_json(open.input)},
            {"protocol", open.protocol},
            {"address", open.address},
            {"port", open.port},
            {"evidence", evidence_json(open.evidence)}};
}

template <typename List, typename ToJson>
base::Json array_of(const List& list, const ToJson& to_json) {
    base::Json array = base::Json::array();
    for (const auto& one : list) {
        array.push_back(to_json(one));
    }
    return array;
}

}  // namespace

std::string connections_text(const ConnectionMap& map, const StartOrder& order) {
    std::string text;
    const auto line = [&](const std::string& one) { text += one + "\n"; };
    for (const Connection& one : map.connections) {
        line(fmt::format("{} {} -> {} {} ({})  {:.2f}  {}", one.from.machine, one.from.component,
                         one.to.machine, one.generic ? "generic" : one.to.component,
                         way_text(one.protocol, one.host, one.port), one.confidence,
                         place_text(one.output_evidence)));
    }
    for (const External& one : map.externals) {
        line(fmt::format("{} {} -> outside: {} ({})  {:.2f}  {}", one.from.machine,
                         one.from.component, one.host, way_text(one.protocol, "", one.port),
                         one.confidence, place_text(one.evidence)));
    }
    for (const OpenInput& one : map.open_inputs) {
        line(fmt::format("{} {} <- open ({} {})  {:.2f}  {}", one.input.machine,
                         one.input.component, one.protocol, one.port, one.evidence.confidence,
                         place_text(one.evidence)));
    }
    if (order.waves.size() > 1) {
        std::vector<std::string> waves;
        for (const auto& wave : order.waves) {
            waves.push_back(fmt::format("{}", fmt::join(wave, ", ")));
        }
        line(fmt::format("start: {}", fmt::join(waves, "; then ")));
    }
    for (const auto* list : {&map.remarks, &order.remarks}) {
        for (const Remark& remark : *list) {
            line(fmt::format("look at: {}{}", remark.text,
                             remark.evidence.file.empty()
                                 ? ""
                                 : fmt::format("  {}", place_text(remark.evidence))));
        }
    }
    return text;
}

base::Json connections_json(const ConnectionMap& map, const StartOrder& order) {
    const auto remark_json = [](const Remark& remark) {
        return base::Json{{"text", remark.text}, {"evidence", evidence_json(remark.evidence)}};
    };
    base::Json remarks = array_of(map.remarks, remark_json);
    for (const Remark& remark : order.remarks) {
        remarks.push_back(remark_json(remark));
    }
    return {{"connections", array_of(map.connections, connection_json)},
            {"externals", array_of(map.externals, external_json)},
            {"open_inputs", array_of(map.open_inputs, open_input_json)},
            {"start", order.waves},
            {"remarks", remarks}};
}

}  // namespace assembler
