// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/plugin/query/query.h"

#include <algorithm>

#include "assembler/introspect/plugin/query/glob.h"

namespace assembler::plugin {

namespace {

bool holds(const ConfigTree& tree, const QueryPredicate& predicate, QueryMatch& match);

class QueryRun {
  public:
    explicit QueryRun(const ConfigTree& tree) : tree_(tree) {}

    std::vector<QueryMatch> run(const QueryPath& path, NodeId here) {
        std::vector<QueryMatch> current = begin(path, here);
        for (const QueryStep& step : path.steps) {
            std::vector<QueryMatch> next;
            if (step.kind == QueryStep::Kind::deep) {
                tree_.count_visits(tree_.size() / 64);
                seen_.assign(tree_.size(), false);
            }
            for (const QueryMatch& match : current) {
                take_step(step, match, next);
            }
            const auto drop = [&](QueryMatch& match) {
                return std::any_of(step.predicates.begin(), step.predicates.end(),
                                   [&](const QueryPredicate& predicate) {
                                       return !holds(tree_, predicate, match);
                                   });
            };
            next.erase(std::remove_if(next.begin(), next.end(), drop), next.end());
            current = std::move(next);
        }
        return current;
    }

  private:
    std::vector<QueryMatch> begin(const QueryPath& path, NodeId here) const {
        if (path.source.empty()) {
            return {{here, ""}};
        }
        std::vector<QueryMatch> sources;
        const NamePattern names(path.source);
        for (const NodeId child : tree_.node(ConfigTree::kRoot).children) {
            if (names.match(tree_.node(child).name)) {
                sources.push_back({child, ""});
            }
        }
        return sources;
    }

    void take_step(const QueryStep& step, const QueryMatch& match, std::vector<QueryMatch>& next) {
        const ConfigNode& node = tree_.node(match.node);
        tree_.count_visits(1 + (step.kind == QueryStep::Kind::child ? node.children.size() : 0));
        switch (step.kind) {
            case QueryStep::Kind::self: next.push_back(match); break;
            case QueryStep::Kind::up:
                if (next.empty() || next.back().node != node.parent) {
                    next.push_back({node.parent, match.star});
                }
                break;
            case QueryStep::Kind::deep: add_deep(match, next); break;
            case QueryStep::Kind::child:
                for (const NodeId child : node.children) {
                    if (tree_.node(child).removed) {
                        continue;
                    }
                    if (const auto star = step.name.match(tree_.node(child).name)) {
                        next.push_back({child, star->empty() ? match.star : *star});
                    }
                }
                break;
        }
    }

    void add_deep(const QueryMatch& match, std::vector<QueryMatch>& next) {
        if (seen_[match.node]) {
            return;
        }
        seen_[match.node] = true;
        tree_.count_visits(1);
        next.push_back(match);
        for (const NodeId child : tree_.node(match.node).children) {
            if (!tree_.node(child).removed) {
                add_deep({child, match.star}, next);
            }
        }
    }

    const ConfigTree& tree_;
    std::vector<bool> seen_;
};

bool fits(const QueryPredicate& predicate, const std::string& value, QueryMatch& match) {
    if (predicate.test == QueryPredicate::Test::equals) {
        return value == predicate.right;
    }
    if (predicate.test == QueryPredicate::Test::has) {  // "web1, web2" has "web1"
        constexpr std::string_view kBetween = ", \t\n";
        for (std::size_t at = 0; at < value.size();) {
            const std::size_t end = std::min(value.find_first_of(kBetween, at), value.size());
            if (end > at && std::string_view(value).substr(at, end - at) == predicate.right) {
                return true;
            }
            at = end + 1;
        }
        return false;
    }
    const auto star = NamePattern(predicate.right).match(value);
    if (star && !predicate.negated && match.star.empty()) {
        match.star = *star;
    }
    return star.has_value();
}

bool holds(const ConfigTree& tree, const QueryPredicate& predicate, QueryMatch& match) {
    const QueryPath& left = predicate.left[0];
    bool found = false;
    if (predicate.test == QueryPredicate::Test::exists) {
        found = left.all_values || left.value > 1 ? !query_values(tree, left, match.node).empty()
                                                  : !run_query(tree, left, match.node).empty();
    } else {
        std::vector<std::string> set;
        if (predicate.test == QueryPredicate::Test::within) {
            for (const TracedText& value : query_values(tree, predicate.set[0], match.node)) {
                set.push_back(value.text());
            }
        }
        for (const TracedText& value : query_values(tree, left, match.node)) {
            found = found || (predicate.test == QueryPredicate::Test::within
                                  ? std::find(set.begin(), set.end(), value.text()) != set.end()
                                  : fits(predicate, value.text(), match));
        }
    }
    return found != predicate.negated;
}

}  // namespace

std::optional<std::string> NamePattern::match(std::string_view name) const {
    for (const std::string& alternative : alternatives_) {
        if (auto star = match_glob(alternative, name)) {
            return star;
        }
    }
    return std::nullopt;
}

std::vector<QueryMatch> run_query(const ConfigTree& tree, const QueryPath& path, NodeId here) {
    return QueryRun(tree).run(path, here);
}

std::vector<TracedText> query_values(const ConfigTree& tree, const QueryPath& path, NodeId here) {
    std::vector<TracedText> values;
    for (const QueryMatch& match : run_query(tree, path, here)) {
        const std::vector<TracedText>& all = tree.node(match.node).values;
        if (path.all_values) {
            values.insert(values.end(), all.begin(), all.end());
        } else if (path.value <= all.size()) {
            values.push_back(all[path.value - 1]);
        }
    }
    return values;
}

}  // namespace assembler::plugin
