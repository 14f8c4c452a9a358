// SPDX-License-Identifier: Apache-2.0
// What lenses turn configuration into: nodes with a name, values and nodes below. Bounded, since
// the text is a stranger's: add() throws invalid_input when there are too many nodes or they go too
// deep, and what was added before stays. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "assembler/introspect/plugin/lens/traced_text.h"

namespace assembler::plugin {

using NodeId = std::uint32_t;

struct ConfigNode {
    std::string name;
    std::vector<TracedText> values;  // "listen 80 ssl": "80", "ssl"; "port = 80": "80"
    std::optional<SourcePosition> position;
    NodeId parent = 0;
    int depth = 0;
    bool removed = false;
    std::vector<NodeId> children;  // removed ones too
};

class ConfigTree {
  public:
    static constexpr NodeId kRoot = 0;
    static constexpr std::size_t kMaxNodes = 100'000;   // that lenses add
    static constexpr std::size_t kMaxCopied = 200'000;  // with what is copied of them afterwards
    static constexpr int kMaxDepth = 64;
    static constexpr std::size_t kMaxNameBytes = 512;     // a longer name is cut
    static constexpr std::size_t kMaxValueBytes = 16384;  // a longer value is no setting: left out
    static constexpr std::size_t kMaxBytes = std::size_t{32} << 20U;  // of all values
    static constexpr std::size_t kMaxVisits = 5'000'000;              // of nodes by all queries

    ConfigTree() : nodes_(1) {}

    // Of how many nodes there may be from now on: kMaxNodes while a lens reads.
    void set_limit(std::size_t nodes) { limit_ = nodes; }

    NodeId add(NodeId parent, std::string name, std::optional<SourcePosition> position);
    void add_value(NodeId node, TracedText value);
    // A copy of what is below `from`, below `to`.
    void copy_children(NodeId from, NodeId to);
    // It and all below it are no longer found.
    void remove(NodeId node) { nodes_[node].removed = true; }

    const ConfigNode& node(NodeId id) const { return nodes_[id]; }
    std::size_t size() const { return nodes_.size(); }
    std::optional<NodeId> find_child(NodeId parent, std::string_view name) const;

    // Whoever walks through nodes says how many: throws invalid_input when it is too much, so that
    // no file can make queries run for minutes.
    void count_visits(std::size_t nodes) const;

  private:
    std::vector<ConfigNode> nodes_;
    std::size_t limit_ = kMaxCopied;
    std::size_t bytes_ = 0;
    mutable std::size_t visits_ = 0;
};

}  // namespace assembler::plugin
