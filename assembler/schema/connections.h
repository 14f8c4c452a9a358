// SPDX-License-Identifier: Apache-2.0
// `connect:` of the machines: an output of one machine and an input of another become values of the
// first one's properties, and endpoints in the package. Pure.
#pragma once

#include "assembler/assembly.h"
#include "assembler/schema/findings.h"

namespace assembler {

// Adds properties to the machines that connect and endpoints to all; uses the machines' schemas.
// Where more than one input or network would do, that is a fault that names the choice.
void resolve_connections(Assembly& assembly, SchemaFindings& findings);

}  // namespace assembler
