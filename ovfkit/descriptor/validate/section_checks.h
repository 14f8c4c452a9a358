// SPDX-License-Identifier: Apache-2.0
// The checks of validate_envelope() on the sections of sections.h and on the message bundles.
#pragma once

#include "ovfkit/descriptor/envelope.h"
#include "ovfkit/descriptor/validate/system_checks.h"

namespace ovfkit {

void check_small_sections(const Envelope& envelope, Findings& findings);

}  // namespace ovfkit
