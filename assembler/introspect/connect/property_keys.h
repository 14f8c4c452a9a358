// SPDX-License-Identifier: Apache-2.0
// The keys under which a deployment tells a machine where its outputs lead, what its inputs listen
// on and how it is set: short where the name is unique in the machine, with the component's name
// before it elsewhere. The same facts give the same keys. Pure.
#pragma once

#include <string>
#include <string_view>

#include "assembler/introspect/facts.h"

namespace assembler {

// Small letters, digits, '-' and '_' with '.' between words: what a key may be.
std::string key_word(std::string_view text);
// A name for machines, networks and assemblies: a host name of small letters, digits and '-'.
std::string host_word(std::string_view text);

// "db" of the output "db"; "shop-api.db" when another component has one of that name.
std::string output_key_prefix(const MachineFacts& machine, const Component& component,
                              const Output& output);
// Likewise; "nginx.http" when an output or another input is called "http" too.
std::string input_key_prefix(const MachineFacts& machine, const Component& component,
                             const Input& input);
std::string property_key(const Component& component, const PropertyFact& property);

}  // namespace assembler
