// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_lint.h"

#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/error.h"
#include "base/progress.h"
#include "cli/lint_text.h"
#include "ovfkit/lint/lint.h"
#include "ovfkit/lint/report/lint_json.h"
#include "ovfkit/lint/report/rule_table.h"
#include "ovfkit/lint/report/sarif.h"

namespace cli {

namespace {

using ovfkit::lint::TargetSet;

TargetSet targets_of(const LintOptions& options) {
    TargetSet targets;
    for (const std::string& name : options.targets) {
        if (name == "all") {
            return ovfkit::lint::kEveryone;
        }
        const auto target = ovfkit::lint::find_target(name);
        if (!target) {
            throw base::Error(base::ErrorKind::usage, fmt::format("unknown target '{}'", name),
                              "targets: all, esxi, vcenter, workstation, virtualbox, virt-v2v, "
                              "proxmox, oracle-vm, muster");
        }
        targets = targets | set_of(*target);
    }
    return targets.empty() ? ovfkit::lint::kMuster : targets;
}

int print_rules(const LintOptions& options, TargetSet targets, base::cli::Io& io) {
    if (options.markdown) {
        io.out << ovfkit::lint::rules_as_markdown();
    } else if (io.json) {
        io.out << base::to_json_text(ovfkit::lint::rules_as_json(), 2) << '\n';
    } else {
        io.out << ovfkit::lint::rules_as_text(targets);
    }
    return 0;
}

}  // namespace

void add_lint(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<LintOptions>();
    CLI::App* verb =
        app.add_subcommand("lint", "say what is wrong with a package or descriptor, and for whom");
    verb->add_option(
        "FILE", options->location,
        "an OVA, an .ovf or the folder of one: a file, - for standard input, or a URL");
    verb->add_option("--target", options->targets,
                     "whom the package is meant for: esxi, vcenter, workstation, virtualbox, "
                     "virt-v2v, proxmox, oracle-vm, muster or all; may be repeated "
                     "(default: muster)")
        ->take_all();
    verb->add_flag("--strict", options->strict, "warnings count as errors");
    verb->add_flag("--sarif", options->sarif, "print SARIF 2.1.0, for code scanning");
    verb->add_flag("--rules", options->rules, "list the rules and look at nothing");
    verb->add_flag("--markdown", options->markdown, "with --rules: as docs/lint-rules.md");
    verb->footer(
        "EXIT STATUS\n"
        "  0 no errors (with --strict no warnings either), 2 unknown target, 3 no such file,\n"
        "  4 errors were found; they are on standard output\n\n"
        "EXAMPLE\n"
        "  muster lint shop.ova --target vcenter --target virtualbox");
    verb->callback([options, &chosen] {
        chosen.run = [options](base::cli::Io& io) { return run_lint(*options, io); };
    });
}

int run_lint(const LintOptions& options, base::cli::Io& io) {
    const TargetSet targets = targets_of(options);
    if (options.rules) {
        return print_rules(options, targets, io);
    }
    if (options.location.empty()) {
        throw base::Error(base::ErrorKind::usage, "lint needs a file",
                          "muster lint FILE, or muster lint --rules");
    }
    const ovfkit::lint::LintReport report = [&] {
        base::ProgressBar bar("reading", 0, io.err_is_terminal && !io.quiet && !io.json);
        return ovfkit::lint::lint_location(
            options.location, targets,
            [&](std::uint64_t done, std::uint64_t total) { bar.set(done, total); });
    }();
    if (options.sarif) {
        io.out << base::to_json_text(to_sarif(report, targets), 2) << '\n';
    } else if (io.json) {
        io.out << base::to_json_text(to_json(report, targets), 2) << '\n';
    } else {
        print_lint(report, targets, io);
    }
    const std::size_t bad = report.count(ovfkit::lint::Level::error) +
                            (options.strict ? report.count(ovfkit::lint::Level::warning) : 0);
    return static_cast<int>(bad == 0 ? base::ExitCode::ok : base::ExitCode::invalid_input);
}

}  // namespace cli
