// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/plugin/lens/config_tree.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"

namespace assembler::plugin {

NodeId ConfigTree::add(NodeId parent, std::string name, std::optional<SourcePosition> position) {
    const int depth = nodes_[parent].depth + 1;
    if (nodes_.size() >= limit_ || depth > kMaxDepth) {
        throw base::Error(base::ErrorKind::invalid_input,
                          depth > kMaxDepth
                              ? fmt::format("settings are nested more than {} deep", kMaxDepth)
                              : fmt::format("more than {} settings", limit_));
    }
    name.resize(std::min(name.size(), kMaxNameBytes));
    const NodeId id = static_cast<NodeId>(nodes_.size());
    nodes_.push_back({std::move(name), {}, position, parent, depth, {}});
    nodes_[parent].children.push_back(id);
    return id;
}

void ConfigTree::add_value(NodeId node, TracedText value) {
    constexpr std::size_t kMaxValues = 256;
    if (nodes_[node].values.size() >= kMaxValues || value.text().size() > kMaxValueBytes) {
        return;
    }
    bytes_ += value.text().size();
    if (bytes_ > kMaxBytes) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("more than {} bytes of settings", kMaxBytes));
    }
    nodes_[node].values.push_back(std::move(value));
}

void ConfigTree::copy_children(NodeId from, NodeId to) {
    const std::vector<NodeId> children = nodes_[from].children;  // add() moves the nodes
    for (const NodeId child : children) {
        if (child == to || nodes_[child].removed) {
            continue;
        }
        const NodeId copy = add(to, nodes_[child].name, nodes_[child].position);
        for (std::size_t i = 0; i < nodes_[child].values.size(); ++i) {
            add_value(copy, TracedText(nodes_[child].values[i]));
        }
        copy_children(child, copy);
    }
}

void ConfigTree::count_visits(std::size_t nodes) const {
    visits_ += nodes;
    if (visits_ > kMaxVisits) {
        throw base::Error(base::ErrorKind::invalid_input, "settings take too long to look through");
    }
}

std::optional<NodeId> ConfigTree::find_child(NodeId parent, std::string_view name) const {
    count_visits(nodes_[parent].children.size());
    for (const NodeId child : nodes_[parent].children) {
        if (!nodes_[child].removed && nodes_[child].name == name) {
            return child;
        }
    }
    return std::nullopt;
}

}  // namespace assembler::plugin
