// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_verify.h"

#include <memory>

#include <CLI/CLI.hpp>

#include "base/error.h"
#include "base/progress.h"
#include "cli/package_summary.h"
#include "ovfkit/package/inspection.h"
#include "ovfkit/package/source/open_package.h"

namespace cli {

void add_verify(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<VerifyOptions>();
    CLI::App* verb = app.add_subcommand("verify", "check a package: its digests and its signature");
    verb->add_option("FILE", options->location,
                     "an OVA (compressed too), an .ovf with its files or their folder: a path, "
                     "- for standard input, or a URL")
        ->required();
    add_trust_options(*verb, options->trust);
    verb->add_flag("--lax", options->lax,
                   "let flaws of form pass: manifest lines not understood, files not listed");
    verb->footer(
        "EXIT STATUS\n"
        "  0 everything checked holds, 3 no such file, 4 damaged, forged, not trusted, or without\n"
        "  a manifest\n\n"
        "EXAMPLE\n"
        "  muster verify shop.ova --trust maker.pem --tsa-trust tsa.pem");
    verb->callback([options, &chosen] {
        chosen.run = [options](base::cli::Io& io) { return run_verify(*options, io); };
    });
}

int run_verify(const VerifyOptions& options, base::cli::Io& io) {
    ovfkit::VerifyPolicy policy;
    policy.lax = options.lax;
    policy.any_algorithm = true;  // a stream has no second chance
    take_trust(options.trust, policy);
    const auto source = ovfkit::open_package(options.location);
    const ovfkit::PackageReport report = [&] {
        base::ProgressBar bar("checking", 0, io.err_is_terminal && !io.quiet && !io.json);
        return ovfkit::verify_source(*source, policy, [&](std::uint64_t done, std::uint64_t total) {
            bar.set(done, total);
        });
    }();
    if (io.json) {
        io.out << base::to_json_text(to_json(report), 2) << '\n';
    } else {
        print_verdict(report, io);
    }
    require_good(report);
    if (report.manifest.state == ovfkit::CheckState::absent) {
        throw base::Error(
            base::ErrorKind::invalid_input,
            "the package has no manifest, so there is nothing to check it against",
            "ask its maker for one with a manifest; muster inspect shows it as it is");
    }
    if (report.manifest.algorithms.empty()) {
        throw base::Error(base::ErrorKind::invalid_input,
                          "no line of the manifest was understood, so nothing was checked",
                          "ask its maker for a manifest with lines such as SHA256(disk.vmdk)= 01…");
    }
    return 0;
}

}  // namespace cli
