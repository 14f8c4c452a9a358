// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_console.h"

#include <unistd.h>
#include <CLI/CLI.hpp>

#include "base/raw_terminal.h"
#include "cli/machine_lookup.h"
#include "hvruntime/machine/console.h"

namespace cli {

void add_console(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<ConsoleOptions>();
    CLI::App* verb = app.add_subcommand("console", "talk to a machine on its serial console");
    verb->add_option("DEPLOYMENT", options->deployment, "see 'muster ps'")->required();
    verb->add_option("MACHINE", options->machine, "a machine of it")->required();
    verb->footer(
        "Ctrl-] leaves the console; the machine goes on. Others who attach meanwhile wait.\n\n"
        "EXIT STATUS\n"
        "  0 left by Ctrl-] or the end of the input, 3 there is no such machine,\n"
        "  6 the machine is not running, 9 the machine went away\n\n"
        "EXAMPLE\n"
        "  muster console guestbook db");
    verb->callback([options, &chosen] {
        chosen.run = [options](base::cli::Io& io) { return run_console(*options, io); };
    });
}

int run_console(const ConsoleOptions& options, base::cli::Io& io) {
    const base::Json machine = find_machine(io, options.deployment, options.machine);
    const base::UniqueFd socket =
        hvruntime::connect_console(base::require_string(machine, "console_socket"));
    if (!io.quiet && ::isatty(STDIN_FILENO) == 1) {
        io.err << "Console of " << options.machine << "; leave it by Ctrl-]\n";
    }
    hvruntime::ConsoleEnd end{};
    {
        const base::RawTerminal raw(STDIN_FILENO);
        end = hvruntime::relay_console(socket.get(), STDIN_FILENO, STDOUT_FILENO);
    }
    if (end == hvruntime::ConsoleEnd::machine_gone) {
        throw base::Error(base::ErrorKind::external,
                          "machine '" + options.machine + "' closed its console",
                          "'muster status " + options.deployment + "' tells its state");
    }
    return 0;
}

}  // namespace cli
