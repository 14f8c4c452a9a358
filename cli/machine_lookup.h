// SPDX-License-Identifier: Apache-2.0
// What verbs on one machine share: its JSON as the daemon tells it (deployer/README.md).
#pragma once

#include <string>

#include "base/cli/io.h"
#include "base/json.h"

namespace cli {

// Throws not_found naming the machines that the deployment has.
base::Json find_machine(base::cli::Io& io, const std::string& deployment,
                        const std::string& machine);
// The pure part: `deployment` as GET /v1/deployments/{name} gives it.
base::Json pick_machine(const base::Json& deployment, const std::string& machine);

}  // namespace cli
