// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_pack.h"

#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "assembler/pack.h"
#include "base/byte_size.h"
#include "base/error.h"
#include "cli/pack_folder_verb.h"
#include "cli/package_output.h"
#include "cli/phase_bar.h"
#include "cli/verb.h"

namespace cli {

namespace {

base::Json to_json(const assembler::PackResult& result, const std::string& output) {
    base::Json json;
    json["assembly"] = result.assembly;
    json["version"] = result.version;
    json["file"] = output;
    json["bytes"] = result.bytes;
    json["signed"] = result.is_signed;
    json["machines"] = result.machines;
    json["files"] = base::Json::array();
    for (const assembler::PackedFile& file : result.files) {
        json["files"].push_back(
            {{"name", file.name},
             {"bytes", file.bytes},
             {"parent", file.parent.empty() ? base::Json() : base::Json(file.parent)}});
    }
    return json;
}

}  // namespace

int run_pack(const PackVerbOptions& options, base::cli::Io& io) {
    require_no_terminal(options.output);
    if (is_folder_package(options.assembly)) {
        return run_pack_folder(options, io);
    }
    const bool quiet = io.quiet || io.json;
    PhaseBar bar(io.err_is_terminal && !quiet);
    assembler::PackOptions pack;
    pack.assembly = options.assembly;
    pack.output = options.output;
    pack.signer = find_signer_of_package(options.signing, options.digest, io);
    pack.digest = options.digest;
    pack.chunk_bytes = parse_chunk_size(options.chunk_size);
    if (!options.profile.empty()) {
        pack.profile = ovfkit::require_profile(options.profile);
    }
    pack.level = options.level;
    pack.delta_disks = options.delta_disks;
    pack.with_evidence = !options.no_evidence;
    pack.provide_image = assembler::default_image_provider([&](const std::string& step) {
        if (!quiet) {
            io.err << base::cli::printable(step) << "\n" << std::flush;
        }
    });
    pack.on_warning = [&](const std::string& warning) { warn(std::vector{warning}, io); };
    pack.on_progress = [&](std::string_view phase, std::uint64_t done, std::uint64_t total) {
        bar.show(phase, done, total);
    };
    const assembler::PackResult result = assembler::pack_assembly(pack);
    std::ostream& out = result_stream(options.output, io);
    if (io.json) {
        out << base::to_json_text(to_json(result, options.output), 2) << "\n";
    } else if (!io.quiet || options.output != "-") {
        for (const assembler::PackedFile& file : result.files) {
            if (!file.parent.empty()) {
                out << base::cli::printable(
                           fmt::format("{} is a delta of {}", file.name, file.parent))
                    << "\n";
            }
        }
        out << fmt::format("{}: {} {}, {} ({}), {}\n", options.output, result.assembly,
                           result.version, fmt::join(result.machines, ", "),
                           base::format_byte_size(result.bytes),
                           result.is_signed ? "signed" : "not signed");
    }
    return 0;
}

void add_pack(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<PackVerbOptions>();
    CLI::App* verb = app.add_subcommand("pack", "pack an assembly, or an OVF folder, into an OVA");
    verb->add_option("ASSEMBLY", options->assembly,
                     "folder with assembly.yaml, or the file; or an .ovf file or its folder")
        ->required();
    verb->add_option("-o,--output", options->output, "the package, FILE.ova, or - for a pipe")
        ->required();
    add_signing_options(*verb, options->signing);
    add_digest_option(*verb, options->digest);
    verb->add_option("--chunk-size", options->chunk_size,
                     "cut disks and other files into pieces of this size, such as 2 GiB")
        ->type_name("SIZE");
    verb->add_option("--profile", options->profile,
                     "for whose machines: generic (default), vmware or virtualbox")
        ->type_name("NAME");
    verb->add_flag("--delta-disks", options->delta_disks,
                   "store disks that share most of another one as what differs from it; read by "
                   "muster and ovftool");
    verb->add_flag("--no-evidence", options->no_evidence,
                   "leave out the bills of materials, the provenance and the lock files of images");
    verb->add_option("--level", options->level, "compression, 1 (fast) to 12 (small)")
        ->check(CLI::Range(1, 12))
        ->capture_default_str();
    verb->footer(
        "An assembly of one machine becomes a single virtual system, which every product imports.\n"
        "Images of recipes are built first, or come from the cache of muster build. Their "
        "evidence\n"
        "goes along in files of the manifest (IMAGE.spdx.json, .cdx.json, .provenance.json and\n"
        ".recipe.lock), of a disk image what lies beside it; --key signs the provenance too.\n"
        "The files of an OVF folder are packed as they are: a manifest that is there is checked "
        "and\n"
        "kept with its signature; with --key, --digest or --chunk-size, or without a manifest, it\n"
        "is made anew. Into a pipe the disks of an assembly are compressed twice, for their sizes\n"
        "stand before them.\n\n"
        "EXIT STATUS: 0 packed; 3 no such file; 4 the assembly or a recipe is wrong; 5 a kind of\n"
        "image is not supported; 6 a tool or right is missing; 9 a step of a build failed.\n\n"
        "EXAMPLE: muster pack templates/guestbook -o guestbook.ova --key key.pem --cert cert.pem");
    verb->callback([options, verb, &chosen] {
        options->digest_given = verb->count("--digest") > 0;
        chosen.run = [options](base::cli::Io& io) { return run_pack(*options, io); };
    });
}

}  // namespace cli
