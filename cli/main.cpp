// SPDX-License-Identifier: Apache-2.0
// muster: one program, one file per verb. Every verb is listed here and nowhere else.
#include <iostream>
#include <optional>

#include <unistd.h>
#include <CLI/CLI.hpp>

#include "base/cli/io.h"
#include "base/cli/terminal_guard.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "cli/cmd_build.h"
#include "cli/cmd_cache.h"
#include "cli/cmd_capture.h"
#include "cli/cmd_console.h"
#include "cli/cmd_convert.h"
#include "cli/cmd_customize.h"
#include "cli/cmd_diff.h"
#include "cli/cmd_down.h"
#include "cli/cmd_edit.h"
#include "cli/cmd_env.h"
#include "cli/cmd_inspect.h"
#include "cli/cmd_introspect.h"
#include "cli/cmd_job.h"
#include "cli/cmd_jobs.h"
#include "cli/cmd_kv.h"
#include "cli/cmd_lint.h"
#include "cli/cmd_logs.h"
#include "cli/cmd_pack.h"
#include "cli/cmd_probe_kvm.h"
#include "cli/cmd_ps.h"
#include "cli/cmd_serve.h"
#include "cli/cmd_sign.h"
#include "cli/cmd_start.h"
#include "cli/cmd_status.h"
#include "cli/cmd_stop.h"
#include "cli/cmd_switch.h"
#include "cli/cmd_template.h"
#include "cli/cmd_unpack.h"
#include "cli/cmd_up.h"
#include "cli/cmd_verify.h"
#include "cli/verb.h"

int main(int argc, char** argv) {
    base::interrupt().install_handlers();
    base::cli::Io io{.out = std::cout, .err = std::cerr};
    io.err_is_terminal = ::isatty(STDERR_FILENO) == 1;
    std::optional<base::cli::TerminalGuard> out_guard;
    std::optional<base::cli::TerminalGuard> err_guard;
    if (::isatty(STDOUT_FILENO) == 1) {
        out_guard.emplace(std::cout);
    }
    if (io.err_is_terminal) {
        err_guard.emplace(std::cerr);
    }

    CLI::App app("muster: builds, signs and runs multi-machine applications", "muster");
    cli::Chosen chosen;
    cli::add_global_options(app, io);
    app.require_subcommand(1);
    cli::add_build(app, chosen);
    cli::add_cache(app, chosen);
    cli::add_capture(app, chosen);
    cli::add_console(app, chosen);
    cli::add_convert(app, chosen);
    cli::add_customize(app, chosen);
    cli::add_diff(app, chosen);
    cli::add_down(app, chosen);
    cli::add_edit(app, chosen);
    cli::add_env(app, chosen);
    cli::add_inspect(app, chosen);
    cli::add_introspect(app, chosen);
    cli::add_job(app, chosen);
    cli::add_jobs(app, chosen);
    cli::add_kv(app, chosen);
    cli::add_lint(app, chosen);
    cli::add_logs(app, chosen);
    cli::add_pack(app, chosen);
    cli::add_probe_kvm(app, chosen);
    cli::add_ps(app, chosen);
    cli::add_serve(app, chosen);
    cli::add_sign(app, chosen);
    cli::add_start(app, chosen);
    cli::add_status(app, chosen);
    cli::add_stop(app, chosen);
    cli::add_switch(app, chosen);
    cli::add_template(app, chosen);
    cli::add_unpack(app, chosen);
    cli::add_up(app, chosen);
    cli::add_verify(app, chosen);

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return cli::report_parse_error(app, error, io);
    }
    return base::cli::run_main(io, [&] { return chosen.run(io); });
}
