// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_convert.h"

#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/http_client.h"
#include "base/progress.h"
#include "ovfkit/convert/convert.h"
#include "ovfkit/profile/profile.h"

namespace cli {

namespace {

ovfkit::DiskForm require_form(const std::string& given, const std::string& path,
                              const std::string& option) {
    const auto form = given.empty() ? ovfkit::form_of_path(path) : ovfkit::find_disk_form(given);
    if (form) {
        return *form;
    }
    throw base::Error(base::ErrorKind::usage,
                      given.empty() ? fmt::format("the name '{}' does not tell its format", path)
                                    : fmt::format("there is no format '{}'", given),
                      fmt::format("give {} raw, qcow2, vmdk or ova", option));
}

// A package is told by its name or the user; every other file by its first bytes.
void take_input(const ConvertVerbOptions& options, ovfkit::ConvertOptions& convert) {
    convert.input = options.input;
    const bool stream = options.input == "-" || base::is_http_url(options.input);
    const auto by_name = ovfkit::form_of_path(options.input);
    if (options.from.empty()) {
        convert.from_package = stream || by_name == ovfkit::DiskForm::package;
        return;
    }
    if (options.from == "ova" || options.from == "ovf") {
        convert.from_package = true;
        return;
    }
    convert.from = ovfkit::find_disk_format(options.from);
    if (!convert.from || stream) {
        throw base::Error(base::ErrorKind::usage,
                          stream ? "only a package is read from standard input or a URL"
                                 : fmt::format("there is no format '{}'", options.from),
                          "give --from ova, or a format that --help lists");
    }
}

base::Json to_json(const ovfkit::ConvertResult& result, const ConvertVerbOptions& options,
                   ovfkit::DiskForm to) {
    base::Json json{{"input", options.input},
                    {"output", options.output},
                    {"disk", result.disk},
                    {"from", result.encoding},
                    {"to", ovfkit::to_string(to)},
                    {"capacity_bytes", result.capacity_bytes},
                    {"populated_bytes", result.populated_bytes},
                    {"output_bytes", result.output_bytes},
                    {"other_disks", result.other_disks}};
    if (result.package) {
        json["package"] = ovfkit::to_json(*result.package);
    }
    return json;
}

void print(const ovfkit::ConvertResult& result, const ConvertVerbOptions& options,
           ovfkit::DiskForm to, base::cli::Io& io) {
    // With - standard output is the disk.
    std::ostream& out = options.output == "-" ? io.err : io.out;
    if (io.json) {
        out << base::to_json_text(to_json(result, options, to), 2) << "\n";
        return;
    }
    if (io.quiet) {
        return;
    }
    out << fmt::format("{}: {} of {}, {} in use, from {}\n", options.output, ovfkit::to_string(to),
                       base::format_byte_size(result.capacity_bytes),
                       base::format_byte_size(result.populated_bytes),
                       base::cli::printable_line(result.disk));
    if (result.other_disks > 0) {
        io.err << fmt::format("the package has {} more disks: choose with --disk\n",
                              result.other_disks);
    }
    if (result.package && result.package->manifest.state == ovfkit::CheckState::absent) {
        io.err << "the package has no manifest: nothing shows whether the disk is unchanged\n";
    }
}

void add_options(CLI::App& verb, ConvertVerbOptions& options) {
    verb.add_option("IN", options.input, "a disk; or a package: a file, - or a URL")->required();
    verb.add_option("OUT", options.output, "the new file; - for a VMDK or OVA into a pipe")
        ->required();
    verb.add_option("--from", options.from,
                    "format of IN, instead of finding out: ova, raw, qcow2, …");
    verb.add_option("--to", options.to,
                    "format of OUT, instead of its extension: raw, qcow2, "
                    "vmdk (streamOptimized), ova");
    verb.add_option("--disk", options.disk,
                    "which disk of a package: its id or file name (default: the first)");
    verb.add_option("--trust", options.trust_file,
                    "PEM file with certificates you trust: a package signed by anyone else, or by "
                    "nobody, is refused");
    verb.add_flag("--lax", options.lax, "let flaws of form of a package pass, as muster verify");
    auto* level = verb.add_option("--level", options.level, "compression, 1 (fast) to 12 (small)");
    level->check(CLI::Range(1, 12))->capture_default_str();
    verb.add_flag("--fast", options.fast, "compress quickly, to about a tenth more bytes")
        ->excludes(level);
    verb.add_option("--name", options.name, "into an OVA: name of the machine (default: OUT's)");
    verb.add_option("--cpus", options.cpus, "into an OVA: its processors")
        ->check(CLI::Range(1, 1024))
        ->capture_default_str();
    verb.add_option("--memory", options.memory, "into an OVA: its memory")->capture_default_str();
    verb.add_option("--profile", options.profile,
                    "into an OVA: for whose machines, generic, vmware or virtualbox")
        ->capture_default_str();
    verb.add_option("--digest", options.digest,
                    "into an OVA: of the manifest, SHA1, SHA256, SHA384 or SHA512")
        ->capture_default_str();
    verb.add_option("--threads", options.threads, "0: one per core")->capture_default_str();
}

}  // namespace

int run_convert(const ConvertVerbOptions& options, base::cli::Io& io) {
    ovfkit::ConvertOptions convert;
    take_input(options, convert);
    convert.output = options.output;
    convert.to = require_form(options.to, options.output, "--to");
    convert.disk = options.disk;
    convert.policy.lax = options.lax;
    if (!options.trust_file.empty()) {
        convert.policy.trust_file = options.trust_file;
    }
    convert.level = options.level;
    convert.fast = options.fast;
    convert.name = options.name;
    convert.cpus = options.cpus;
    convert.memory_bytes = base::parse_byte_size(options.memory);
    const auto digest = base::find_digest_algorithm(options.digest);
    if (!digest) {
        throw base::Error(base::ErrorKind::usage,
                          fmt::format("there is no digest '{}'", options.digest),
                          "give SHA1, SHA256, SHA384 or SHA512");
    }
    convert.digest = *digest;
    convert.profile = ovfkit::require_profile(options.profile);
    convert.threads = options.threads;
    const ovfkit::ConvertResult result = [&] {
        base::ProgressBar bar("converting", 0, io.err_is_terminal && !io.quiet && !io.json);
        convert.on_progress = [&](std::uint64_t done, std::uint64_t total) {
            bar.set(done, total);
        };
        return ovfkit::convert_disk(convert);
    }();
    print(result, options, convert.to, io);
    return 0;
}

void add_convert(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<ConvertVerbOptions>();
    CLI::App* verb = app.add_subcommand(
        "convert", "convert a disk, or a disk out of a package, to another format");
    add_options(*verb, *options);
    verb->footer(
        "A package is verified in the same pass; OUT appears only when everything was checked. "
        "From\n"
        "an OVA to qcow2 compressed data are taken over as they are. A disk inside a package is\n"
        "never followed to other files.\n\n"
        "EXIT STATUS\n"
        "  0 converted, 2 wrong options, 3 no such file or disk, 4 damaged, forged or not "
        "trusted,\n"
        "  5 a format that is not supported, 6 no space or no permission\n\n"
        "EXAMPLE\n"
        "  muster convert shop.ova shop.qcow2\n"
        "  muster convert disk.raw disk.ova --fast --cpus 2 --memory 4GiB");
    verb->callback([options, &chosen] {
        chosen.run = [options](base::cli::Io& io) { return run_convert(*options, io); };
    });
}

}  // namespace cli
