// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_verify.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "assembler/evidence/rebuild.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "base/progress.h"
#include "cli/package_summary.h"
#include "ovfkit/package/source/open_package.h"

namespace cli {

namespace {

constexpr std::size_t kMostNamedFiles = 20;  // for people; --json has all

base::Json rebuilt_json(const assembler::RebuildResult& result) {
    base::Json disks = base::Json::array();
    for (const assembler::RebuiltDisk& disk : result.disks) {
        base::Json files = base::Json::array();
        for (const assembler::FileDifference& file : disk.disk.files) {
            files.push_back({{"path", file.path}, {"what", file.what}});
        }
        disks.push_back({{"image", disk.image},
                         {"recipe", disk.recipe},
                         {"same", disk.same()},
                         {"locked", disk.locked},
                         {"differing_bytes", disk.disk.bytes},
                         {"files", files},
                         {"remarks", disk.remarks}});
    }
    return {{"proven", result.proven()},
            {"disks", disks},
            {"without_provenance", result.without_provenance}};
}

void print_rebuilt(const assembler::RebuiltDisk& rebuilt, base::cli::Io& io) {
    using base::cli::printable_line;
    const assembler::DiskDifference& disk = rebuilt.disk;
    io.out << fmt::format("rebuilt    {} from recipe {}{}: {}\n", printable_line(rebuilt.image),
                          printable_line(rebuilt.recipe),
                          rebuilt.locked ? "" : " without a lock file",
                          rebuilt.same() ? "the same, bit by bit" : "DIFFERENT");
    for (const std::string& remark : rebuilt.remarks) {
        io.out << fmt::format("           {}\n", printable_line(remark));
    }
    if (disk.same()) {
        return;
    }
    io.out << fmt::format("           {} bytes differ, the first one at {}; {}\n", disk.bytes,
                          disk.first,
                          !disk.files_read ? "files were not compared: " + printable_line(disk.note)
                          : disk.files.empty() ? "all files are the same"
                                               : fmt::format("{} files", disk.files.size()));
    for (std::size_t at = 0; at < std::min(kMostNamedFiles, disk.files.size()); ++at) {
        io.out << fmt::format("           {}: {}\n", printable_line(disk.files[at].path),
                              disk.files[at].what);
    }
    if (disk.files.size() > kMostNamedFiles) {
        io.out << fmt::format("           and {} more, see --json\n",
                              disk.files.size() - kMostNamedFiles);
    }
}

int verify_rebuilt(const VerifyOptions& options, const assembler::EvidenceReading& reading,
                   base::Json json, base::cli::Io& io) {
    assembler::RebuildOptions rebuild;
    rebuild.package = options.location;
    rebuild.recipes = options.rebuild;
    rebuild.use_cache = options.use_cache;
    rebuild.on_step = [&](const std::string& step) {
        if (!io.quiet && !io.json) {
            io.err << base::cli::printable(step) << "\n" << std::flush;
        }
    };
    const assembler::RebuildResult result = assembler::rebuild_package(rebuild, reading);
    if (io.json) {
        json["rebuild"] = rebuilt_json(result);
        io.out << base::to_json_text(json, 2) << '\n';
    } else {
        for (const assembler::RebuiltDisk& disk : result.disks) {
            print_rebuilt(disk, io);
        }
        for (const std::string& disk : result.without_provenance) {
            io.out << fmt::format("           not rebuilt: '{}' comes without provenance\n",
                                  base::cli::printable_line(disk));
        }
    }
    return static_cast<int>(result.proven() ? base::ExitCode::ok : base::ExitCode::partial);
}

}  // namespace

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
    verb->add_option("--rebuild", options->rebuild,
                     "build the disks again, from the recipes in this folder and the package's own "
                     "lock files, and compare them bit by bit")
        ->type_name("RECIPE-DIR");
    verb->add_flag("--use-cache", options->use_cache,
                   "with --rebuild: take layers and images of earlier builds; quicker, proves less")
        ->needs("--rebuild");
    verb->footer(
        "With --rebuild the provenance of each image says which recipe it was made of; the recipe\n"
        "of that name is taken from RECIPE-DIR. Of a disk that differs the files that do are "
        "named.\n"
        "\n"
        "EXIT STATUS\n"
        "  0 everything checked holds, 3 no such file, 4 damaged, forged, not trusted, or without\n"
        "  a manifest; with --rebuild: 3 a recipe is missing, 5 no disk has its provenance, 7 the\n"
        "  tools of this host are not those of the lock file, 9 a step failed, 10 a disk differs "
        "or\n"
        "  comes without provenance\n\n"
        "EXAMPLE\n"
        "  muster verify shop.ova --trust maker.pem --tsa-trust tsa.pem\n"
        "  muster verify shop.ova --rebuild recipes/");
    verb->callback([options, &chosen] {
        chosen.run = [options](base::cli::Io& io) { return run_verify(*options, io); };
    });
}

int run_verify(const VerifyOptions& options, base::cli::Io& io) {
    if (!options.rebuild.empty() &&
        (options.location == "-" || options.location.find("://") != std::string::npos)) {
        throw base::Error(base::ErrorKind::usage, "--rebuild reads the package more than once",
                          "put it into a file");
    }
    ovfkit::VerifyPolicy policy;
    policy.lax = options.lax;
    policy.any_algorithm = true;  // a stream has no second chance
    take_trust(options.trust, policy);
    const auto source = ovfkit::open_package(options.location);
    const assembler::EvidenceReading reading = [&] {
        base::ProgressBar bar("checking", 0, io.err_is_terminal && !io.quiet && !io.json);
        return assembler::read_evidence(
            *source, policy,
            [&](std::uint64_t done, std::uint64_t total) { bar.set(done, total); });
    }();
    const ovfkit::PackageReport& report = reading.report;
    base::Json json = to_json(report);
    json["evidence"] = assembler::evidence_json(reading.evidence);
    if (!io.json) {
        print_verdict(report, reading.evidence, io);
    } else if (options.rebuild.empty() || !report.failures.empty()) {
        io.out << base::to_json_text(json, 2) << '\n';
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
    return options.rebuild.empty() ? 0 : verify_rebuilt(options, reading, std::move(json), io);
}

}  // namespace cli
