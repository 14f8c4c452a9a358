// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_inspect.h"

#include <memory>

#include <CLI/CLI.hpp>

#include "base/progress.h"
#include "cli/package_summary.h"
#include "ovfkit/package/source/open_package.h"

namespace cli {

void add_inspect(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<InspectOptions>();
    CLI::App* verb = app.add_subcommand("inspect", "show what a package or descriptor holds");
    verb->add_option("FILE", options->location,
                     "an OVA (compressed too), an .ovf or a folder with one: a path, - for "
                     "standard input, or a URL")
        ->required();
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
    const ovfkit::Inspection inspection = [&] {
        base::ProgressBar bar("reading", 0, io.err_is_terminal && !io.quiet && !io.json);
        return ovfkit::inspect_source(
            *source, policy,
            [&](std::uint64_t done, std::uint64_t total) { bar.set(done, total); });
    }();
    if (io.json) {
        io.out << base::to_json_text(inspection_to_json(inspection), 2) << '\n';
    } else {
        print_inspection(inspection, io);
    }
    if (inspection.package) {
        require_good(*inspection.package);
    }
    return 0;
}

}  // namespace cli
