// SPDX-License-Identifier: Apache-2.0
// A lint report as the JSON that `muster lint --json` prints.
#pragma once

#include "base/json.h"
#include "ovfkit/lint/lint.h"

namespace ovfkit::lint {

base::Json to_json(const LintReport& report, TargetSet targets);
// The names of a set, in the order of kAllTargets.
base::Json to_json(TargetSet targets);
// {"proxmox": "error", …}: for the targets that a finding concerns.
base::Json levels_json(const Finding& finding);

}  // namespace ovfkit::lint
