// SPDX-License-Identifier: Apache-2.0
// The table of rules, as `muster lint --rules` shows it. docs/lint-rules.md is the Markdown form,
// byte for byte.
#pragma once

#include <string>

#include "base/json.h"
#include "ovfkit/lint/rule.h"

namespace ovfkit::lint {

std::string rules_as_text(TargetSet targets);  // those that are on for one of the targets
std::string rules_as_markdown();               // all
base::Json rules_as_json();                    // all

}  // namespace ovfkit::lint
