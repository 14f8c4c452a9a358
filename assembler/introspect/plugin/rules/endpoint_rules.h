// SPDX-License-Identifier: Apache-2.0
// One found endpoint becomes an input or an output of a component: names are made unique, the same
// place written several times is one with several places. Internal to evaluate.cpp.
#pragma once

#include <string>
#include <string_view>

#include "assembler/introspect/facts.h"

namespace assembler::plugin {

// Of 0.0.0.0, ::, *: whatever the machine's addresses are.
bool is_any_address(std::string_view address);
bool is_loopback(std::string_view address);

// A port that is listened on for several addresses is one input: the widest address stays, the
// others are in other_addresses.
void add_input(Component& component, Input input);
// The same protocol, host, port and database is one output. A guessed protocol gives way to one
// that is known of the same host and port (any port, when none is written).
void add_output(Component& component, Output output, bool guessed_protocol);

// In lower case, what is neither letter, digit, "." nor "-" a "-".
std::string plain_name(std::string_view text);

}  // namespace assembler::plugin
