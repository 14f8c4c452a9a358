// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_start.h"

#include <CLI/CLI.hpp>

#include "base/http_client.h"
#include "cli/daemon_client.h"
#include "cli/lifecycle.h"

namespace cli {

void add_start(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<StartOptions>();
    CLI::App* verb = app.add_subcommand(
        "start", "start a stopped deployment, in start order, and wait until it is ready");
    verb->add_option("DEPLOYMENT", options->deployment, "see 'muster ps'")->required();
    verb->footer(
        "EXIT STATUS\n  0 it is up; 3 there is none; 7 another job works on it, or a port is in "
        "use;\n  8 a machine was not ready in time\n\n"
        "EXAMPLE\n  muster start guestbook");
    verb->callback([options, &chosen] {
        chosen.run = [options](base::cli::Io& io) { return run_start(*options, io); };
    });
}

int run_start(const StartOptions& options, base::cli::Io& io) {
    return run_lifecycle(
        {.method = "POST",
         .path = "/v1/deployments/" + base::url_encode(options.deployment) + "/start",
         .done = options.deployment + " is up"},
        io);
}

}  // namespace cli
