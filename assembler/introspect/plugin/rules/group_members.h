// SPDX-License-Identifier: Apache-2.0
// Hosts that are names of groups: nginx's upstreams, Apache's balancers. A member may be the name
// of another group. Bounded. Internal to evaluate.cpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "assembler/introspect/plugin/endpoint/endpoint.h"
#include "assembler/introspect/plugin/plugin.h"
#include "assembler/introspect/plugin/settings/settings.h"

namespace assembler::plugin {

struct GroupMember {
    Endpoint endpoint;
    std::string group;  // its key
};

// What the endpoint's host stands for in the groups named `through`; empty: it is a host.
std::vector<GroupMember> find_group_members(const Plugin& plugin, const Settings& settings,
                                            const std::vector<std::string>& through,
                                            const Endpoint& endpoint);

// The last of the rule's values; empty when there is none.
TracedText last_value(const Settings& settings, const std::optional<ValueRule>& rule,
                      const RuleContext& context);

}  // namespace assembler::plugin
