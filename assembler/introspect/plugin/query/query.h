// SPDX-License-Identifier: Apache-2.0
// Selecting nodes of a ConfigTree: "config:http/**/server/listen[#=ssl]". The first part names the
// source, a child of the root; without it the path begins at the node at hand. plugins/README.md
// has the whole language. Every step is linear in the nodes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "assembler/introspect/plugin/lens/config_tree.h"

namespace assembler::plugin {

// What one or several patterns with "*" separated by "|" match; of a match, what the first "*"
// stood for.
class NamePattern {
  public:
    NamePattern() = default;
    explicit NamePattern(std::string_view text);
    // nullopt: no match.
    std::optional<std::string> match(std::string_view name) const;

  private:
    std::vector<std::string> alternatives_;
};

struct QueryPath;

struct QueryPredicate {
    enum class Test { exists, equals, matches, has, within };
    bool negated = false;
    Test test = Test::exists;
    std::vector<QueryPath> left;  // one; a vector, since the type is not complete here
    std::string right;            // may hold {names}, filled before a query is run
    std::vector<QueryPath> set;   // one, for `within`
};

struct QueryStep {
    enum class Kind { child, deep, up, self };
    Kind kind = Kind::child;
    NamePattern name;
    std::vector<QueryPredicate> predicates;
};

struct QueryPath {
    std::string source;  // a name or several separated by "|"; empty: relative
    std::vector<QueryStep> steps;
    std::size_t value = 1;    // which value of a node is meant, from 1
    bool all_values = false;  // "#" or "args": each of them
    std::string text;         // as written
};

// Throws invalid_input that says what is wrong with the text.
QueryPath parse_query(std::string_view text);

struct QueryMatch {
    NodeId node = 0;
    std::string star;  // what "*" of the last pattern with one stood for
};

// Matches in the order of the tree, each node once.
std::vector<QueryMatch> run_query(const ConfigTree& tree, const QueryPath& path, NodeId here);
// Their values as the path says: one of each node, or all.
std::vector<TracedText> query_values(const ConfigTree& tree, const QueryPath& path, NodeId here);

}  // namespace assembler::plugin
