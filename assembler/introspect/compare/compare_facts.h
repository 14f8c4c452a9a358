// SPDX-License-Identifier: Apache-2.0
// What differs between two machines in what runs there and how it is set: introspect, rebuild,
// compare shows what the rebuild lost. Order, and where in a file something stands, are no
// difference. Values of secrets are never part of it. Pure but for
// the readers.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "assembler/introspect/facts.h"
#include "ovfkit/diff/change.h"

namespace assembler {

// Its subject is a group: "packages", "services"; its `what` a member: "nginx".
using Difference = ovfkit::Change;

// The text of a machine's file; nullopt: it has none of that name.
using ReadFile = std::function<std::optional<std::string>(const std::string& path)>;

// With readers, files that both have changed are compared by content too.
std::vector<Difference> compare_facts(const MachineFacts& before, const MachineFacts& after,
                                      const ReadFile& read_before = {},
                                      const ReadFile& read_after = {});

}  // namespace assembler
