// SPDX-License-Identifier: Apache-2.0
#include "cli/machine_lookup.h"

#include "base/error.h"
#include "base/http_client.h"
#include "cli/daemon_client.h"

namespace cli {

base::Json pick_machine(const base::Json& deployment, const std::string& machine) {
    std::string names;
    for (const base::Json& candidate : deployment.at("machines")) {
        const std::string name = base::require_string(candidate, "name");
        if (name == machine) {
            return candidate;
        }
        names += (names.empty() ? "" : ", ") + name;
    }
    throw base::Error(base::ErrorKind::not_found,
                      "deployment '" + base::require_string(deployment, "name") +
                          "' has no machine '" + machine + "'",
                      "it has " + names);
}

base::Json find_machine(base::cli::Io& io, const std::string& deployment,
                        const std::string& machine) {
    const DaemonClient daemon = DaemonClient::open(io);
    return pick_machine(daemon.call("GET", "/v1/deployments/" + base::url_encode(deployment)),
                        machine);
}

}  // namespace cli
