// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_edit.h"

#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/progress.h"
#include "cli/package_output.h"
#include "ovfkit/edit/edit_package.h"
#include "ovfkit/edit/edit_steps.h"

namespace cli {

namespace {

using base::Error;
using base::ErrorKind;
using base::cli::printable_line;

constexpr const char* kEditFooter =
    R"(Changes are applied in the order in which they are given, so --system and --configuration
stand before what they are for. A script is a YAML list with the same words:
    - system: web
    - cpus: 4
    - add-nic: { network: front, type: VmxNet3 }
Everything that is not changed keeps its bytes, comments and vendors' sections too. The files of the
package are copied as they are, and checked against its manifest on the way. A disk with a file has
the size of its content: the descriptor can be brought in line with it (size=content), not beyond.
OUT ending in .ova is an OVA, - is an OVA to standard output, anything else a new folder; without
-o the package is replaced when the new one is complete.

EXIT STATUS
  0 done, 2 wrong options, 3 no such file, machine, disk, …, 4 the package is damaged or would be
  wrong afterwards, 5 not possible in this version of OVF, 7 it exists already or is in use

EXAMPLE
  muster edit shop.ova --system web --cpus 4 --memory 2GiB --property title=Hello
  muster edit --merge db.ova web.ova -o shop.ova --key key.pem --cert cert.pem)";

void require_sensible(const EditOptions& options) {
    if (!options.merge && options.files.size() > 1) {
        throw Error(ErrorKind::usage, "one package at a time is edited",
                    "--merge makes one package of several");
    }
    if (options.merge && options.files.size() < 2) {
        throw Error(ErrorKind::usage, "there is nothing to merge", "name two packages or more");
    }
    if (options.merge && options.output.empty() && !options.dry_run) {
        throw Error(ErrorKind::usage, "the merged package needs a name", "name it: -o FILE.ova");
    }
    const bool splits = !options.split.empty();
    if (splits &&
        (options.merge || options.dry_run || !options.output.empty() || !options.changes.empty())) {
        throw Error(ErrorKind::usage, "--split takes no other changes", "edit before or after it");
    }
    if (!options.chunk_size.empty() && (splits || options.merge)) {
        throw Error(ErrorKind::usage, "--merge and --split copy files as they are",
                    "cut them afterwards: muster edit FILE --chunk-size SIZE");
    }
    if (!splits && !options.merge && options.changes.empty() && options.chunk_size.empty()) {
        throw Error(ErrorKind::usage, "no change is given",
                    "muster edit --help lists what can be changed");
    }
}

void print_notes(const std::vector<std::string>& notes, base::cli::Io& io) {
    for (const std::string& note : notes) {
        if (!io.quiet) {
            io.err << fmt::format("note: {}\n", printable_line(note));
        }
    }
}

std::string sign_hint(const std::string& file) {
    return fmt::format("dropped, sign again with: muster sign {} --key KEY --cert CERT", file);
}

void print_edit(const ovfkit::edit::EditPackageResult& result, bool dry_run, base::cli::Io& io) {
    std::ostream& out = dry_run ? io.out : result_stream(result.output, io);
    const std::string signature =
        result.signature_lost ? sign_hint(result.output) : result.signature;
    if (io.json) {
        base::Json json{
            {"diff", result.diff}, {"notes", result.notes}, {"changed", !result.diff.empty()}};
        if (!dry_run) {
            json["file"] = result.output;
            json["manifest"] = result.manifest;
            json["signature"] = result.signature;
        }
        out << base::to_json_text(json, 2) << "\n";
        return;
    }
    print_notes(result.notes, io);
    if (dry_run) {
        io.out << base::cli::printable(result.diff);
        return;
    }
    if (!io.quiet) {
        out << fmt::format("{}: manifest: {}; signature: {}\n", printable_line(result.output),
                           result.manifest, printable_line(signature));
    }
}

int run_split(const EditOptions& options, const ovfkit::PackageSigner* signer, base::cli::Io& io) {
    base::ProgressBar bar("splitting", 0, io.err_is_terminal && !io.quiet && !io.json);
    ovfkit::edit::SplitOptions split;
    split.input = options.files.front();
    split.folder = options.split;
    split.signer = signer;
    split.digest = options.digest;
    split.policy.lax = options.lax;
    take_trust(options.trust, split.policy);
    split.on_progress = [&](std::uint64_t done, std::uint64_t total) { bar.set(done, total); };
    const ovfkit::edit::SplitResult result = ovfkit::edit::split_package(split);
    if (io.json) {
        io.out << base::to_json_text(base::Json{{"files", result.files},
                                                {"notes", result.notes},
                                                {"signature_lost", result.signature_lost}},
                                     2)
               << "\n";
        return 0;
    }
    print_notes(result.notes, io);
    for (const std::string& file : result.files) {
        io.out << printable_line(file) << "\n";
    }
    if (result.signature_lost && !io.quiet) {
        io.err << "note: the parts are not signed; --key and --cert sign them\n";
    }
    return 0;
}

// Called for each occurrence as it is parsed, so that the order is kept.
void add_change(CLI::App& verb, const std::shared_ptr<EditOptions>& options,
                const std::string& name, std::string_view shape, std::string_view help) {
    verb.add_option_function<std::string>(
            "--" + name,
            [options, name](const std::string& text) { options->changes.emplace_back(name, text); },
            std::string(help))
        ->type_name(std::string(shape))
        ->trigger_on_parse()
        ->group("Changes");
}

std::vector<ovfkit::edit::EditStep> steps_of(const EditOptions& options) {
    std::vector<ovfkit::edit::EditStep> steps;
    for (const auto& [name, text] : options.changes) {
        if (name == "script") {
            for (auto& step : ovfkit::edit::parse_script(base::read_file(text, 1U << 20U), text)) {
                steps.push_back(std::move(step));
            }
            continue;
        }
        const std::string flag = "--" + name;
        const auto& operation = ovfkit::edit::require_operation({name, "", {}, flag});
        steps.push_back(ovfkit::edit::parse_step(operation, text, flag));
    }
    return steps;
}

}  // namespace

void add_edit(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<EditOptions>();
    CLI::App* verb = app.add_subcommand("edit", "change a package, merge several, split one");
    verb->add_option("FILE", options->files,
                     "an OVA, an .ovf or its folder; - or a URL with -o; several with --merge")
        ->required();
    verb->add_option("-o,--output", options->output, "the result; without it FILE is replaced");
    verb->add_flag("--dry-run", options->dry_run,
                   "only show how the descriptor would change, as a diff");
    verb->add_flag("--merge", options->merge, "make one assembly of several packages");
    verb->add_option("--split", options->split, "make a package of each machine, in a new folder")
        ->type_name("FOLDER");
    verb->add_flag("--lax", options->lax, "let flaws of form in the manifest pass");
    add_trust_options(*verb, options->trust);
    add_signing_options(*verb, options->signing);
    add_digest_option(*verb, options->digest);
    verb->add_option("--chunk-size", options->chunk_size,
                     "cut disks and other files into pieces of this size, such as 2 GiB")
        ->type_name("SIZE");
    for (const ovfkit::edit::Operation& operation : ovfkit::edit::operations()) {
        add_change(*verb, options, std::string(operation.name), operation.shape, operation.help);
    }
    add_change(*verb, options, "script", "FILE", "changes from a YAML file");
    verb->footer(kEditFooter);
    verb->callback([options, &chosen] {
        chosen.run = [options](base::cli::Io& io) { return run_edit(*options, io); };
    });
}

int run_edit(const EditOptions& options, base::cli::Io& io) {
    require_sensible(options);
    const auto signer = find_signer(options.signing);
    const ovfkit::PackageSigner* signed_by = signer ? &*signer : nullptr;
    if (!options.dry_run) {
        require_no_terminal(options.output);
        warn(signing_doubts(signed_by, options.digest), io);
    }
    if (!options.split.empty()) {
        return run_split(options, signed_by, io);
    }
    ovfkit::edit::EditPackageOptions edit;
    edit.input = options.files.front();
    edit.output = options.output;
    edit.merged.assign(options.files.begin() + 1, options.files.end());
    edit.steps = steps_of(options);
    edit.dry_run = options.dry_run;
    edit.signer = signed_by;
    edit.digest = options.digest;
    edit.chunk_bytes = parse_chunk_size(options.chunk_size);
    edit.policy.lax = options.lax;
    take_trust(options.trust, edit.policy);
    const ovfkit::edit::EditPackageResult result = [&] {
        base::ProgressBar bar("writing", 0, io.err_is_terminal && !io.quiet && !io.json);
        edit.on_progress = [&](std::uint64_t done, std::uint64_t total) { bar.set(done, total); };
        return ovfkit::edit::edit_package(edit);
    }();
    print_edit(result, options.dry_run, io);
    return 0;
}

}  // namespace cli
