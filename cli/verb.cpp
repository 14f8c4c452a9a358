// SPDX-License-Identifier: Apache-2.0
#include "cli/verb.h"

#include <optional>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/log.h"
#include "base/yaml.h"

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

namespace {

// The first word where a verb should be, when it is none; the verbs there are in `names`.
std::optional<std::string> find_unknown_verb(const CLI::App& app, const CLI::App& last,
                                             std::vector<std::string>& names) {
    for (const CLI::App* verb : last.get_subcommands([](const CLI::App*) { return true; })) {
        names.push_back(verb->get_name());
    }
    if (names.empty()) {
        return std::nullopt;
    }
    const std::vector<std::string> words = app.remaining(true);
    return words.empty() || words.front().starts_with('-') ? std::nullopt
                                                           : std::optional(words.front());
}

}  // namespace

int report_parse_error(const CLI::App& app, const CLI::ParseError& error, base::cli::Io& io) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
        return app.exit(error, io.out, io.err);
    }
    std::string verb = "muster";
    const CLI::App* last = &app;
    while (!last->get_subcommands().empty()) {
        last = last->get_subcommands().front();
        verb += " " + last->get_name();
    }
    std::string what = error.what();
    std::string hint = "try '" + verb + " --help'";
    std::vector<std::string> names;
    if (const auto unknown = find_unknown_verb(app, *last, names)) {
        what = "there is no verb '" + *unknown + "'";
        if (const auto similar = base::find_similar(*unknown, names)) {
            hint = "did you mean '" + verb + " " + *similar + "'? " + hint;
        }
    }
    base::cli::print_error(io, base::Error(base::ErrorKind::usage, what, hint));
    return static_cast<int>(base::ExitCode::usage);
}

}  // namespace cli
