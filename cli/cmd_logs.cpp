// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_logs.h"

#include <CLI/CLI.hpp>

#include "cli/machine_lookup.h"
#include "hvruntime/machine/console_log.h"

namespace cli {

void add_logs(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<LogsOptions>();
    CLI::App* verb = app.add_subcommand("logs", "show what a machine wrote to its console");
    verb->add_option("DEPLOYMENT", options->deployment, "see 'muster ps'")->required();
    verb->add_option("MACHINE", options->machine, "a machine of it")->required();
    verb->add_option("-n,--lines", options->lines, "only so many lines from the end");
    verb->add_flag("-f,--follow", options->follow, "go on until Ctrl-C");
    verb->add_flag("--raw", options->raw, "with the terminal control of the guest");
    verb->add_flag("--qemu", options->qemu, "what QEMU said instead");
    verb->footer(
        "EXIT STATUS\n"
        "  0, 3 there is no such machine, 130 ended by Ctrl-C\n\n"
        "EXAMPLE\n"
        "  muster logs --follow --lines 20 guestbook db");
    verb->callback([options, &chosen] {
        chosen.run = [options](base::cli::Io& io) { return run_logs(*options, io); };
    });
}

int run_logs(const LogsOptions& options, base::cli::Io& io) {
    const base::Json machine = find_machine(io, options.deployment, options.machine);
    hvruntime::read_console_log(
        base::require_string(machine, options.qemu ? "qemu_log" : "log"),
        {.last_lines = options.lines, .follow = options.follow, .raw = options.raw},
        [&](std::string_view line) {
            if (io.json) {
                io.out << base::to_json_text(base::Json{{"line", line}}) << '\n';
            } else {
                io.out << line << '\n';
            }
            io.out.flush();
        });
    return 0;
}

}  // namespace cli
