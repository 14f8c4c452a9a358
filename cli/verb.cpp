// SPDX-License-Identifier: Apache-2.0
#include "cli/verb.h"

#include <CLI/CLI.hpp>

#include "base/log.h"

namespace cli {

void add_global_options(CLI::App& app, base::cli::Io& io) {
    app.set_version_flag("--version", "muster " MUSTER_VERSION);
    app.add_flag("--json", io.json, "results as JSON on stdout, errors as JSON on stderr");
    app.add_flag("-q,--quiet", io.quiet, "no progress and no warnings");
    app.add_flag_callback(
        "-v,--verbose", [] { base::set_log_level(base::LogLevel::info); },
        "say what is being done");
    app.add_flag_callback(
        "--debug",
        [&io] {
            io.debug = true;
            base::set_log_level(base::LogLevel::debug);
        },
        "log every command that is run");
    app.add_option("--pool", io.pool, "socket of the daemon to talk to (default: $MUSTER_POOL)")
        ->type_name("PATH");
    app.fallthrough();  // global options may stand after the verb too
}

int report_parse_error(const CLI::App& app, const CLI::ParseError& error, base::cli::Io& io) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
        return app.exit(error, io.out, io.err);
    }
    std::string verb = "muster";
    for (const CLI::App* sub = &app; !sub->get_subcommands().empty();) {
        sub = sub->get_subcommands().front();
        verb += " " + sub->get_name();
    }
    base::cli::print_error(
        io, base::Error(base::ErrorKind::usage, error.what(), "try '" + verb + " --help'"));
    return static_cast<int>(base::ExitCode::usage);
}

}  // namespace cli
