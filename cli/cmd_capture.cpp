// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_capture.h"

#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "assembler/introspect/connect/connections_text.h"
#include "assembler/introspect/connect/property_keys.h"
#include "assembler/introspect/set/capture.h"
#include "base/byte_size.h"
#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "cli/introspect_folder.h"
#include "cli/package_output.h"
#include "cli/phase_bar.h"

namespace cli {

namespace {

constexpr const char* kCaptureFooter =
    "One step from machines that run elsewhere to a package for 'muster up': introspects them,\n"
    "makes each a new disk without free blocks that boots its own kernel and lives on any\n"
    "addresses (old network configuration out, muster-guest in, addresses and ports it was set up\n"
    "with replaced when it starts), takes out what two machines must not share (machine id, ssh\n"
    "host keys, leases, logs), packs and signs. Sources are only read: stop the machines before, "
    "or\n"
    "give copies of their disks; machines of a deployment (machine:...) are copied by themselves "
    "and\n"
    "go on; others that run send their files over ssh, as root or by sudo. No root here, nothing "
    "is\n"
    "mounted. Passwords stay in the images.\n"
    "\n"
    "Captured are Linux systems with systemd for amd64 with a kernel whose modules are not\n"
    "compressed. All file systems of a machine become one ext4; others than ext2, ext3 and ext4\n"
    "are read by libguestfs.\n"
    "'muster introspect -o DIR' shows before what will be made of them; its assembly file, "
    "edited,\n"
    "is used with --assembly.\n"
    "\n"
    "EXIT STATUS\n"
    "  0 captured; 2 wrong options; 3 no such source, or no system in it; 4 a source is damaged, "
    "the\n"
    "  assembly wrong, or an identity left that nothing makes anew; 5 a machine that cannot be\n"
    "  captured (see above); 6 it may not be read, no room, a tool is missing; 7 another job "
    "works\n"
    "  on the deployment, or a machine was started meanwhile; 9 the copy of a running one failed.\n"
    "  On failure there is no package, and nothing is left behind.\n"
    "\n"
    "EXAMPLE\n"
    "  muster capture web.qcow2 app.qcow2 db.qcow2 -o shop.ova --key key.pem --cert cert.pem";

base::Json capture_json(const assembler::CaptureResult& result, const std::string& output) {
    base::Json json = assembler::connections_json(result.folder.connections, result.folder.order);
    json["assembly"] = result.package.assembly;
    json["version"] = result.package.version;
    json["file"] = output;
    json["bytes"] = result.package.bytes;
    json["signed"] = result.package.is_signed;
    json["machines"] = result.package.machines;
    return json;
}

void print_captured(const assembler::CaptureResult& result, const CaptureVerbOptions& options,
                    base::cli::Io& io) {
    std::ostream& out = result_stream(options.output, io);
    if (io.json) {
        out << base::to_json_text(capture_json(result, options.output), 2) << "\n";
        return;
    }
    out << "connections\n"
        << base::cli::printable(connections_text(result.folder.connections, result.folder.order));
    const assembler::PackResult& package = result.package;
    out << fmt::format("{}: {} {}, {} ({}), {}\n", options.output, package.assembly,
                       package.version, fmt::join(package.machines, ", "),
                       base::format_byte_size(package.bytes),
                       package.is_signed ? "signed" : "not signed");
    if (options.output != "-") {
        const std::string ova = base::shell_quote(options.output);
        out << fmt::format(
            "next\n  muster inspect {0}   shows its properties\n  muster up {0}{1}\n", ova,
            package.is_signed ? " --trust CERT" : " --allow-untrusted");
    }
}

}  // namespace

void add_capture(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<CaptureVerbOptions>();
    CLI::App* verb = app.add_subcommand(
        "capture", "pack machines that were set up by hand into an OVA that runs anywhere");
    add_source_options(*verb, options->from);
    verb->add_option("-o,--output", options->output, "the package, FILE.ova, or - for a pipe")
        ->required();
    verb->add_option("--assembly", options->assembly,
                     "use this assembly file, or the one in this folder, instead of what is found")
        ->type_name("FILE");
    verb->add_option("--name", options->name,
                     "of the assembly (default: as the package is called)");
    verb->add_option("--version", options->version, "of the assembly")->capture_default_str();
    verb->add_flag("--keep-identity", options->keep_identity,
                   "leave machine ids, ssh host keys, leases and logs in: for moving machines that "
                   "are not to run twice");
    add_signing_options(*verb, options->signing);
    add_digest_option(*verb, options->digest);
    verb->footer(kCaptureFooter);
    verb->callback([options, &chosen] {
        chosen.run = [options](base::cli::Io& io) { return run_capture(*options, io); };
    });
}

int run_capture(const CaptureVerbOptions& options, base::cli::Io& io) {
    require_no_terminal(options.output);
    if (!options.assembly.empty() && !options.name.empty()) {
        throw base::Error(base::ErrorKind::usage, "the name of the assembly is in its file",
                          "leave --name out, or change the file");
    }
    const bool quiet = io.quiet || io.json;
    PhaseBar bar(io.err_is_terminal && !quiet);
    assembler::CaptureSetOptions capture;
    capture.name = options.name.empty() ? assembly_name_of(options.output) : options.name;
    capture.version = options.version;
    capture.assembly = options.assembly;
    capture.output = options.output;
    capture.keep_identity = options.keep_identity;
    capture.signer = find_signer_of_package(options.signing, options.digest, io);
    capture.digest = options.digest;
    const auto step = [&](const std::string& text) {
        if (!quiet) {
            io.err << base::cli::printable_line(text) << "\n" << std::flush;
        }
    };
    capture.on_step = step;
    capture.on_warning = [&](const std::string& warning) {
        if (!quiet) {
            io.err << "look at: " << base::cli::printable_line(warning) << "\n" << std::flush;
        }
    };
    capture.on_progress = [&](std::string_view phase, std::uint64_t done, std::uint64_t total) {
        bar.show(phase, done, total);
    };

    MachineSourceOptions from = options.from;
    const base::TempDir kept(assembler::room_for(options.output), ".capture");
    from.keep_disks = kept.path().string();
    step("introspecting " + fmt::format("{}", fmt::join(from.sources, ", ")));
    const assembler::MachineSet set = read_set(from.sources, reading_of(from), io);
    print_captured(assembler::capture_set(set, capture), options, io);
    return 0;
}

}  // namespace cli
