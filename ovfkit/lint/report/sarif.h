// SPDX-License-Identifier: Apache-2.0
// A lint report as SARIF 2.1.0 (OASIS), for code scanning. Members of a package are artifacts
// inside the package's artifact (3.24.3, parentIndex).
#pragma once

#include "base/json.h"
#include "ovfkit/lint/lint.h"

namespace ovfkit::lint {

base::Json to_sarif(const LintReport& report, TargetSet targets);

}  // namespace ovfkit::lint
