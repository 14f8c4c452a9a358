// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/connect/start_order.h"

#include <algorithm>
#include <functional>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace assembler {

namespace {

struct Edge {
    double confidence = 0;
    Evidence evidence;
};

// By client, then by server: the surest connection between the two.
using Edges = std::map<std::string, std::map<std::string, Edge>>;

Edges edges_of(const ConnectionMap& map) {
    Edges edges;
    for (const Connection& connection : map.connections) {
        if (!connection.inner) {
            Edge& edge = edges[connection.from.machine][connection.to.machine];
            if (connection.confidence > edge.confidence) {
                edge = {connection.confidence, connection.output_evidence};
            }
        }
    }
    return edges;
}

// The machines of one circle, the first again at its end; empty: there is none.
std::vector<std::string> find_circle(const Edges& edges) {
    std::set<std::string> done;
    std::vector<std::string> path;
    std::vector<std::string> circle;
    const std::function<void(const std::string&)> visit = [&](const std::string& machine) {
        const auto on_path = std::find(path.begin(), path.end(), machine);
        if (on_path != path.end()) {
            circle.assign(on_path, path.end());
            circle.push_back(machine);
            return;
        }
        if (!done.insert(machine).second) {
            return;
        }
        path.push_back(machine);
        const auto next = edges.find(machine);
        if (next != edges.end()) {
            for (const auto& [server, edge] : next->second) {
                if (circle.empty()) {
                    visit(server);
                }
            }
        }
        path.pop_back();
    };
    for (const auto& [machine, servers] : edges) {
        if (circle.empty()) {
            visit(machine);
        }
    }
    return circle;
}

Remark cut_circle(Edges& edges, const std::vector<std::string>& circle) {
    std::size_t weakest = 0;
    const auto edge_at = [&](std::size_t at) -> const Edge& {
        return edges.at(circle[at]).at(circle[at + 1]);
    };
    for (std::size_t at = 1; at + 1 < circle.size(); ++at) {
        if (edge_at(at).confidence < edge_at(weakest).confidence) {
            weakest = at;
        }
    }
    const Remark remark{
        fmt::format("machines need each other: {}; '{}' does not wait for '{}'",
                    fmt::join(circle, " needs "), circle[weakest], circle[weakest + 1]),
        edge_at(weakest).evidence};
    edges.at(circle[weakest]).erase(circle[weakest + 1]);
    return remark;
}

}  // namespace

StartOrder start_order(const std::vector<MachineFacts>& machines, const ConnectionMap& map) {
    StartOrder order;
    Edges edges = edges_of(map);
    for (auto circle = find_circle(edges); !circle.empty(); circle = find_circle(edges)) {
        order.remarks.push_back(cut_circle(edges, circle));
    }
    std::set<std::string> left;
    for (const MachineFacts& machine : machines) {
        left.insert(machine.name);
        for (const auto& [server, edge] : edges[machine.name]) {
            order.after[machine.name].push_back(server);
        }
    }
    while (!left.empty()) {
        std::vector<std::string> wave;
        for (const MachineFacts& machine : machines) {
            const auto& servers = order.after[machine.name];
            if (left.contains(machine.name) &&
                std::none_of(servers.begin(), servers.end(),
                             [&](const std::string& server) { return left.contains(server); })) {
                wave.push_back(machine.name);
            }
        }
        for (const std::string& machine : wave) {
            left.erase(machine);
        }
        order.waves.push_back(std::move(wave));
    }
    return order;
}

}  // namespace assembler
