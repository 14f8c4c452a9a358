// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_ps.h"

#include <CLI/CLI.hpp>

#include "cli/daemon_client.h"
#include "cli/table.h"

namespace cli {

void add_ps(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<PsOptions>();
    CLI::App* verb = app.add_subcommand("ps", "list deployments and their machines");
    verb->footer(
        "EXIT STATUS\n  0, also when there is none\n\n"
        "EXAMPLE\n  muster ps --json");
    verb->callback([options, &chosen] {
        chosen.run = [options](base::cli::Io& io) { return run_ps(*options, io); };
    });
}

namespace {

std::string joined_addresses(const base::Json& machine) {
    std::string text;
    for (const auto& [network, address] : machine.at("addresses").items()) {
        text += (text.empty() ? "" : ", ") + address.get<std::string>();
    }
    return text.empty() ? "-" : text;
}

}  // namespace

int run_ps(const PsOptions& /*options*/, base::cli::Io& io) {
    const DaemonClient daemon = DaemonClient::open(io);
    const base::Json deployments = daemon.call("GET", "/v1/deployments");
    if (io.json) {
        io.out << base::to_json_text(deployments, 2) << '\n';
        return 0;
    }
    Table table({"DEPLOYMENT", "STATE", "MACHINE", "MACHINE STATE", "ADDRESSES", "GUEST"});
    for (const base::Json& deployment : deployments) {
        for (const base::Json& machine : deployment.at("machines")) {
            table.add_row({deployment.at("name"), deployment.at("state"), machine.at("name"),
                           machine.at("state"), joined_addresses(machine),
                           machine.at("guest").at("connected").get<bool>() ? "connected" : "-"});
        }
    }
    if (table.empty()) {
        io.err << "no deployments\n";
        return 0;
    }
    table.print(io.out);
    return 0;
}

}  // namespace cli
