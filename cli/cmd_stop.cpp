// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_stop.h"

#include <CLI/CLI.hpp>

#include "base/http_client.h"
#include "cli/daemon_client.h"
#include "cli/lifecycle.h"

namespace cli {

void add_stop(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<StopOptions>();
    CLI::App* verb = app.add_subcommand(
        "stop", "shut the machines of a deployment down, in reverse start order");
    verb->add_option("DEPLOYMENT", options->deployment, "see 'muster ps'")->required();
    verb->footer(
        "Disks, keys and names stay: 'muster start' brings it back.\n\n"
        "EXIT STATUS\n  0 it is stopped; 3 there is none; 7 another job works on it\n\n"
        "EXAMPLE\n  muster stop guestbook");
    verb->callback([options, &chosen] {
        chosen.run = [options](base::cli::Io& io) { return run_stop(*options, io); };
    });
}

int run_stop(const StopOptions& options, base::cli::Io& io) {
    return run_lifecycle(
        {.method = "POST",
         .path = "/v1/deployments/" + base::url_encode(options.deployment) + "/stop",
         .done = options.deployment + " is stopped"},
        io);
}

}  // namespace cli
