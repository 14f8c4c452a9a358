// SPDX-License-Identifier: Apache-2.0
// The facts of a machine as JSON: what `muster introspect --json` prints, and how facts leave the
// sandboxed child that reads a stranger's disk. Keys are the names of the fields in facts.h.
#pragma once

#include "assembler/introspect/facts.h"
#include "base/json.h"

namespace assembler {

base::Json to_json(const MachineFacts& facts);

// What is missing has its default and unknown keys are left out. Throws invalid_input, with the
// place, for values of another type: the text may come from a child that a stranger took over.
MachineFacts machine_facts_from_json(const base::Json& json);

}  // namespace assembler
