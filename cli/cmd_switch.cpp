// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_switch.h"

#include <CLI/CLI.hpp>

#include "hvruntime/net/switch_process.h"

namespace cli {

void add_switch(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<SwitchOptions>();
    CLI::App* verb = app.add_subcommand("switch", "run the switch of one network until SIGTERM");
    verb->group("");  // not for people: `muster serve` starts it
    verb->add_option("SPEC", options->spec_path, "the network's spec.json")->required();
    verb->footer(
        "EXIT STATUS\n"
        "  0 ended by SIGTERM, 4 invalid spec, 6 a socket cannot be made,\n"
        "  7 the switch of this network runs already\n\n"
        "EXAMPLE\n"
        "  muster switch ~/.local/share/muster/networks/a1b2c3/spec.json");
    verb->callback([options, &chosen] {
        chosen.run = [options](base::cli::Io& io) { return run_switch(*options, io); };
    });
}

int run_switch(const SwitchOptions& options, base::cli::Io&) {
    return hvruntime::run_switch(options.spec_path);
}

}  // namespace cli
