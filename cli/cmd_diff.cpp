// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_diff.h"

#include <map>
#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/error.h"
#include "base/progress.h"
#include "cli/differences_text.h"
#include "cli/package_summary.h"
#include "ovfkit/diff/diff_packages.h"
#include "ovfkit/package/source/open_package.h"

namespace cli {

namespace {

using ovfkit::Change;

struct Side {
    ovfkit::Inspection inspection;
    std::map<std::string, std::string> digests;  // by href
};

Side read_side(const std::string& location, base::cli::Io& io) {
    ovfkit::VerifyPolicy policy;
    policy.any_algorithm = true;  // a stream has no second chance
    const auto source = ovfkit::open_package(location, {.bare_descriptor = true});
    base::ProgressBar bar("reading", 0, io.err_is_terminal && !io.quiet && !io.json);
    Side side;
    side.inspection = ovfkit::inspect_source(
        *source, policy, [&](std::uint64_t done, std::uint64_t total) { bar.set(done, total); });
    if (side.inspection.package) {
        require_good(*side.inspection.package);
        for (const ovfkit::FileReference& file : side.inspection.envelope.files) {
            const auto* member = side.inspection.package->find_member(file.href);
            if (member != nullptr) {
                side.digests.emplace(file.href, member->sha256);
            }
        }
    }
    return side;
}

}  // namespace

void add_diff(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<DiffOptions>();
    CLI::App* verb =
        app.add_subcommand("diff", "show what differs between two packages, machine by machine");
    verb->add_option("A", options->before,
                     "the older one, an OVA or an .ovf: a file, - for standard input, or a URL")
        ->required();
    verb->add_option("B", options->after, "the newer one, likewise")->required();
    verb->add_flag("--exit-code", options->exit_code, "exit with 10 when there are differences");
    verb->footer(
        "Compared is what the packages mean: machines with their hardware, disks, networks,\n"
        "properties, products and licences, the start order, and the files by their digests. The\n"
        "order of elements, their prefixes, units and ids of disks are no difference. Digests are\n"
        "compared when both are packages. Values of passwords are not shown.\n\n"
        "EXIT STATUS\n"
        "  0 compared, whether they differ or not: a difference is a result and no failure, and 1\n"
        "  stands for a bug of muster everywhere. With --exit-code: 0 no differences, 10 some "
        "(part\n"
        "  of it is the same); no other outcome of diff has that code.\n"
        "  2 usage, 3 no such file, 4 not a package or descriptor, or damaged, 5 the descriptor\n"
        "  needs something that muster does not know\n\n"
        "EXAMPLE\n"
        "  muster diff shop-1.0.ova shop-1.1.ova");
    verb->callback([options, &chosen] {
        chosen.run = [options](base::cli::Io& io) { return run_diff(*options, io); };
    });
}

int run_diff(const DiffOptions& options, base::cli::Io& io) {
    if (options.before == "-" && options.after == "-") {
        throw base::Error(base::ErrorKind::usage, "only one of the two can be standard input",
                          "give a file for the other one");
    }
    const Side before = read_side(options.before, io);
    const Side after = read_side(options.after, io);
    const std::vector<Change> changes = ovfkit::diff_packages(
        {before.inspection.envelope, before.digests}, {after.inspection.envelope, after.digests});
    if (io.json) {
        const base::Json json{{"before", options.before},
                              {"after", options.after},
                              {"same", changes.empty()},
                              {"changes", ovfkit::to_json(changes)}};
        io.out << base::to_json_text(json, 2) << '\n';
    } else {
        print_differences(changes, io);
    }
    const bool differ = options.exit_code && !changes.empty();
    return static_cast<int>(differ ? base::ExitCode::partial : base::ExitCode::ok);
}

}  // namespace cli
