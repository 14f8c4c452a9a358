// SPDX-License-Identifier: Apache-2.0
// Which protocol is spoken at an endpoint, by the rule for it. Pure. Internal to evaluate.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "assembler/introspect/plugin/plugin.h"
#include "assembler/introspect/plugin/settings/settings.h"

namespace assembler::plugin {

// By the address's scheme, fixed, by a setting, by words, by the port; empty: nothing says so.
// `*guessed` is set when only what is installed or a default tells.
std::string protocol_of(const Settings& settings, const ProtocolRule& rule,
                        const RuleContext& context, std::string_view scheme, std::uint16_t port,
                        bool* guessed);

}  // namespace assembler::plugin
