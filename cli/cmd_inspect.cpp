// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_inspect.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "base/error.h"
#include "base/progress.h"
#include "cli/package_summary.h"
#include "ovfkit/descriptor/envelope_queries.h"
#include "ovfkit/descriptor/messages/localise.h"
#include "ovfkit/package/source/open_package.h"

namespace cli {

namespace {

// Throws usage when there is no such configuration.
std::string configuration_to_show(const ovfkit::Envelope& envelope, const std::string& wanted) {
    if (wanted.empty()) {
        return ovfkit::default_configuration(envelope);
    }
    std::vector<std::string> ids;
    for (const ovfkit::DeploymentConfiguration& one : envelope.configurations) {
        ids.push_back(one.id);
    }
    if (std::find(ids.begin(), ids.end(), wanted) == ids.end()) {
        throw base::Error(base::ErrorKind::usage,
                          fmt::format("there is no configuration '{}'", wanted),
                          ids.empty() ? "the descriptor has none"
                                      : fmt::format("there are: {}", fmt::join(ids, ", ")));
    }
    return wanted;
}

}  // namespace

void add_inspect(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<InspectOptions>();
    CLI::App* verb = app.add_subcommand("inspect", "show what a package or descriptor holds");
    verb->add_option("FILE", options->location,
                     "an OVA (compressed too), an .ovf or a folder with one: a path, - for "
                     "standard input, or a URL")
        ->required();
    verb->add_option("--configuration", options->configuration,
                     "show the values of this deployment configuration");
    verb->add_option("--lang", options->language,
                     "show texts in this language where there are any, such as de-DE");
    verb->add_option("--hardware", options->hardware,
                     "show this hardware where a machine has several: a type such as vmx-13");
    verb->footer(
        "EXIT STATUS\n"
        "  0 shown, 3 no such file, 4 not a package or descriptor, or its digests or signature do\n"
        "  not hold, 5 the descriptor needs something that muster does not know\n\n"
        "EXAMPLE\n"
        "  muster inspect shop.ova --json | jq .machines");
    verb->callback([options, &chosen] {
        chosen.run = [options](base::cli::Io& io) { return run_inspect(*options, io); };
    });
}

int run_inspect(const InspectOptions& options, base::cli::Io& io) {
    ovfkit::VerifyPolicy policy;
    policy.any_algorithm = true;  // a stream has no second chance
    const auto source = ovfkit::open_package(options.location, {.bare_descriptor = true});
    ovfkit::Inspection inspection = [&] {
        base::ProgressBar bar("reading", 0, io.err_is_terminal && !io.quiet && !io.json);
        return ovfkit::inspect_source(
            *source, policy,
            [&](std::uint64_t done, std::uint64_t total) { bar.set(done, total); });
    }();
    const std::string configuration =
        configuration_to_show(inspection.envelope, options.configuration);
    if (!options.hardware.empty()) {
        ovfkit::choose_hardware(inspection.envelope, options.hardware);
    }
    ovfkit::localise(inspection.envelope, options.language);
    if (io.json) {
        io.out << base::to_json_text(inspection_to_json(inspection, configuration), 2) << '\n';
    } else {
        print_inspection(inspection, configuration, io);
    }
    if (inspection.package) {
        require_good(*inspection.package);
    }
    return 0;
}

}  // namespace cli
