// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_convert.h"

#include <filesystem>
#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/http_client.h"
#include "base/letter_case.h"
#include "base/progress.h"
#include "ovfkit/convert/convert.h"
#include "ovfkit/profile/profile.h"

namespace cli {

namespace {

ovfkit::DiskForm output_form(const ConvertVerbOptions& options) {
    const std::string& path = options.output;
    const std::string extension = std::filesystem::path(path).extension().string();
    const std::string name = !options.to.empty()
                                 ? options.to
                                 : base::to_lower(extension).substr(extension.empty() ? 0 : 1);
    const auto form = ovfkit::find_disk_form(name);
    if (form == ovfkit::DiskForm::package && name == "ovf") {
        throw base::Error(base::ErrorKind::usage, "a package is written as an OVA, in one file",
                          "give --to ova; muster unpack makes a folder of it");
    }
    if (form) {
        return *form;
    }
    if (ovfkit::find_disk_format(name)) {
        throw base::Error(base::ErrorKind::unsupported,
                          fmt::format("raw, qcow2, vmdk and ova are written, not {}", name),
                          fmt::format("go by raw: qemu-img convert -f raw -O {} DISK.raw '{}'",
                                      ovfkit::to_string(*ovfkit::find_disk_format(name)), path));
    }
    throw base::Error(base::ErrorKind::usage,
                      options.to.empty()
                          ? fmt::format("the name '{}' does not tell its format", path)
                          : fmt::format("there is no format '{}'", name),
                      "give --to raw, qcow2, vmdk or ova");
}

// What IN is, its content tells (ovfkit::is_package) or the user.
void take_input(const ConvertVerbOptions& options, ovfkit::ConvertOptions& convert) {
    convert.input = options.input;
    if (options.from.empty()) {
        convert.from_package = ovfkit::is_package(options.input);
        return;
    }
    const bool stream = options.input == "-" || base::is_http_url(options.input);
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
    if (to == ovfkit::DiskForm::package && result.package) {
        json["manifest"] = result.manifest;
        json["signature"] = result.signature;
        for (const ovfkit::ConvertedDisk& disk : result.disks) {
            json["disks"].push_back({{"disk", disk.from},
                                     {"file", disk.file},
                                     {"from", disk.encoding},
                                     {"capacity_bytes", disk.capacity_bytes},
                                     {"populated_bytes", disk.populated_bytes}});
        }
    }
    return json;
}

void print_package(const ovfkit::ConvertResult& result, const ConvertVerbOptions& options,
                   base::cli::Io& io) {
    for (const ovfkit::ConvertedDisk& disk : result.disks) {
        io.out << fmt::format("{}: {}, {} in use, from {} ({})\n",
                              base::cli::printable_line(disk.file),
                              base::format_byte_size(disk.capacity_bytes),
                              base::format_byte_size(disk.populated_bytes),
                              base::cli::printable_line(disk.from), disk.encoding);
    }
    const std::string signature =
        result.signature != "dropped"
            ? result.signature
            : fmt::format("dropped, sign again with: muster sign {} --key KEY --cert CERT",
                          options.output);
    io.out << fmt::format("{}: manifest: {}; signature: {}\n", options.output, result.manifest,
                          signature);
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
    if (to == ovfkit::DiskForm::package && result.package) {
        print_package(result, options, io);
    } else {
        out << fmt::format("{}: {} of {}, {} in use, from {}\n", options.output,
                           ovfkit::to_string(to), base::format_byte_size(result.capacity_bytes),
                           base::format_byte_size(result.populated_bytes),
                           base::cli::printable_line(result.disk));
    }
    if (result.other_disks > 0) {
        io.err << fmt::format("the package has {} more disks: choose with --disk\n",
                              result.other_disks);
    }
    const std::string unchecked = result.package ? unchecked_sentence(*result.package) : "";
    if (!unchecked.empty()) {
        io.err << base::cli::printable_line(unchecked) << "\n";
    }
}

// A wrong one is an error of usage, as everything on the command line.
CLI::Validator byte_size_text() {
    return CLI::Validator(
        [](const std::string& text) {
            try {
                base::parse_byte_size(text);
            } catch (const base::Error& error) {
                return error.message();
            }
            return std::string();
        },
        "SIZE");
}

void add_options(CLI::App& verb, ConvertVerbOptions& options) {
    verb.add_option("IN", options.input, "a disk; or a package: a file, a folder, - or a URL")
        ->required();
    verb.add_option("OUT", options.output, "the new file; - for a disk as VMDK or OVA into a pipe")
        ->required();
    verb.add_option("--from", options.from,
                    "format of IN, instead of finding out: ova, raw, qcow2, vmdk, vdi, vhd, vhdx");
    verb.add_option("--to", options.to,
                    "format of OUT, instead of its extension: raw, qcow2, "
                    "vmdk (streamOptimized), ova");
    verb.add_option("--disk", options.disk,
                    "which disk of a package: its id or file name (default: the first)");
    add_trust_options(verb, options.trust);
    verb.add_flag("--lax", options.lax, "let flaws of form of a package pass, as muster verify");
    auto* level = verb.add_option("--level", options.level,
                                  "compression, 1 (fast) to 12 (small); default 6, and "
                                  "what is in a package's VMDK stays as it is compressed");
    level->check(CLI::Range(1, 12));
    verb.add_flag("--fast", options.fast, "compress quickly, to about a tenth more bytes")
        ->excludes(level);
    verb.add_option("--name", options.name,
                    "from a disk into an OVA: name of the machine (default: OUT's)");
    verb.add_option("--cpus", options.cpus, "from a disk into an OVA: its processors (default: 1)")
        ->check(CLI::Range(1, 1024));
    verb.add_option("--memory", options.memory,
                    "from a disk into an OVA: its memory (default: 1 GiB)")
        ->check(byte_size_text());
    verb.add_option("--profile", options.profile,
                    "from a disk into an OVA: for whose machines, generic (the default), vmware "
                    "or virtualbox");
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
    convert.to = output_form(options);
    convert.disk = options.disk;
    convert.policy.lax = options.lax;
    take_trust(options.trust, convert.policy);
    convert.level = options.level;
    convert.fast = options.fast;
    convert.name = options.name;
    convert.cpus = options.cpus;
    if (options.memory) {
        convert.memory_bytes = base::parse_byte_size(*options.memory);
    }
    const auto digest = base::find_digest_algorithm(options.digest);
    if (!digest) {
        throw base::Error(base::ErrorKind::usage,
                          fmt::format("there is no digest '{}'", options.digest),
                          "give SHA1, SHA256, SHA384 or SHA512");
    }
    convert.digest = *digest;
    if (options.profile) {
        convert.profile = ovfkit::require_profile(*options.profile);
    }
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
        "A package is told by its content, whatever it is called; of a disk without the mark of a\n"
        "format its name has to tell that it is raw (.raw, .img, .dd, .iso), or --from raw. Disks "
        "are\n"
        "read as raw, qcow2, VMDK, VDI, VHD and VHDX, in packages too, and written as raw, qcow2 "
        "and\n"
        "streamOptimized VMDK; qemu-img writes other formats.\n\n"
        "A package is verified in the same pass; OUT appears only when everything was checked. A\n"
        "disk in it is never followed to other files. From package to OVA the machines stay as "
        "they\n"
        "are and every disk becomes a VMDK that vCenter takes, with footer and end-of-stream "
        "marker:\n"
        "this mends what qemu-img wrote. The manifest is new then, and a signature is dropped.\n"
        "Compressed data go from VMDK to VMDK and to qcow2 as they are.\n\n"
        "EXIT STATUS\n"
        "  0 converted, 2 wrong options, 3 no such file or disk, 4 damaged, forged or not "
        "trusted,\n"
        "  5 a format that is not read or not written, 6 no space or no permission\n\n"
        "EXAMPLE\n"
        "  muster convert shop.ova shop.qcow2\n"
        "  muster convert from-qemu-img.ova for-vcenter.ova\n"
        "  muster convert disk.raw disk.ova --fast --cpus 2 --memory 4GiB");
    verb->callback([options, &chosen] {
        chosen.run = [options](base::cli::Io& io) { return run_convert(*options, io); };
    });
}

}  // namespace cli
