// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/plugin/rules/group_members.h"

#include <algorithm>

namespace assembler::plugin {

namespace {

constexpr std::size_t kMaxMembers = 256;

class GroupSearch {
  public:
    GroupSearch(const Plugin& plugin, const Settings& settings,
                const std::vector<std::string>& through)
        : plugin_(plugin), settings_(settings), through_(through) {}

    // What the host stands for, when it is the name of a group.
    void find(const Endpoint& endpoint, int depth) {
        constexpr int kMaxDepth = 4;
        for (const GroupRule& group : plugin_.groups) {
            const bool usable =
                std::find(through_.begin(), through_.end(), group.name) != through_.end();
            if (!usable || depth >= kMaxDepth || endpoint.host.empty()) {
                continue;
            }
            for (const QueryMatch& match : settings_.select(group.select, {})) {
                const RuleContext at{match.node, match.star};
                const std::vector<TracedText> keys = settings_.values(group.key, at);
                const bool named = std::any_of(
                    keys.begin(), keys.end(),
                    [&](const TracedText& key) { return key.text() == endpoint.host.text(); });
                if (named) {
                    add_members(group, at, endpoint, depth);
                }
            }
        }
    }

    std::vector<GroupMember> take() { return std::move(members_); }

  private:
    void add_members(const GroupRule& group, const RuleContext& at, const Endpoint& endpoint,
                     int depth) {
        for (const QueryMatch& match : settings_.select(group.members, at)) {
            const RuleContext here{match.node, match.star};
            const TracedText port = last_value(settings_, group.port, here);
            for (const TracedText& value : settings_.values(group.member, here)) {
                for (Endpoint& member : parse_endpoints(value)) {
                    if (members_.size() >= kMaxMembers) {
                        return;
                    }
                    member.port = member.port.empty() ? port : member.port;
                    member.scheme = member.scheme.empty() ? endpoint.scheme : member.scheme;
                    member.database = member.database.empty() ? endpoint.database : member.database;
                    const std::size_t before = members_.size();
                    find(member, depth + 1);
                    if (members_.size() == before) {
                        members_.push_back({std::move(member), endpoint.host.text()});
                    }
                }
            }
        }
    }

    const Plugin& plugin_;
    const Settings& settings_;
    const std::vector<std::string>& through_;
    std::vector<GroupMember> members_;
};

}  // namespace

std::vector<GroupMember> find_group_members(const Plugin& plugin, const Settings& settings,
                                            const std::vector<std::string>& through,
                                            const Endpoint& endpoint) {
    GroupSearch search(plugin, settings, through);
    search.find(endpoint, 0);
    return search.take();
}

TracedText last_value(const Settings& settings, const std::optional<ValueRule>& rule,
                      const RuleContext& context) {
    if (!rule) {
        return {};
    }
    const std::vector<TracedText> values = settings.values(*rule, context);
    return values.empty() ? TracedText() : values.back().trimmed();
}

}  // namespace assembler::plugin
