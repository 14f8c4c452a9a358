// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_down.h"

#include <CLI/CLI.hpp>

#include "base/http_client.h"
#include "cli/daemon_client.h"
#include "cli/lifecycle.h"

namespace cli {

void add_down(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<DownOptions>();
    CLI::App* verb =
        app.add_subcommand("down", "stop a deployment and remove all of it, disks too");
    verb->add_option("DEPLOYMENT", options->deployment, "see 'muster ps'")->required();
    verb->footer(
        "What its machines wrote is gone with them.\n\n"
        "EXIT STATUS\n  0 nothing is left of it; 3 there is none; 7 another job works on it\n\n"
        "EXAMPLE\n  muster down guestbook");
    verb->callback([options, &chosen] {
        chosen.run = [options](base::cli::Io& io) { return run_down(*options, io); };
    });
}

int run_down(const DownOptions& options, base::cli::Io& io) {
    return run_lifecycle({.method = "DELETE",
                          .path = "/v1/deployments/" + base::url_encode(options.deployment) + "",
                          .done = options.deployment + " is gone"},
                         io);
}

}  // namespace cli
