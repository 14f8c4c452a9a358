// SPDX-License-Identifier: Apache-2.0
#include "cli/introspect_sources.h"

#include <filesystem>

#include <CLI/CLI.hpp>

#include "assembler/introspect/connect/property_keys.h"
#include "base/error.h"
#include "base/log.h"
#include "base/process.h"
#include "base/progress.h"
#include "cli/guestfish_settings.h"
#include "cli/machine_sources.h"

namespace cli {

namespace {

// Those that come with the program, and the user's.
std::vector<assembler::Plugin> load_all_plugins(const std::vector<std::string>& more) {
    std::vector<std::string> folders = more;
    if (const auto shipped = assembler::find_plugin_folder()) {
        folders.insert(folders.begin(), *shipped);
    } else {
        base::log(base::LogLevel::warn, "introspect",
                  "the folder share/muster/introspect is missing beside the program: applications "
                  "are found by your own plug-ins only");
    }
    return assembler::load_plugins(folders);
}

}  // namespace

void add_source_options(CLI::App& verb, MachineSourceOptions& options) {
    verb.add_option(
            "SOURCE", options.sources,
            "a folder with a machine's files, a disk image, an OVA or OVF folder, the XML of "
            "a domain of libvirt, a .vmx, machine:DEPLOYMENT/MACHINE (of 'muster ps'; all machines "
            "without /MACHINE), ssh://USER@HOST; NAME=SOURCE names the machine (default: what it "
            "is called there, or its host name)")
        ->required();
    verb.add_option(
        "--plugins", options.plugin_folders,
        "a folder with plug-ins (*.yaml) of your own, beside those that come with muster");
}

void add_guestfish_options(CLI::App& verb, MachineSourceOptions& options) {
    verb.add_option("--key", options.keys,
                    "the passphrase of an encrypted volume: ID:key:STRING or ID:file:FILENAME; ID "
                    "is a device such as /dev/sda2, its LUKS UUID, or all")
        ->type_name("SELECTOR")
        ->expected(1)
        ->take_all();
    verb.add_option("--executor", options.executor,
                    "libguestfs: it reads all disks; without, those that muster does not read "
                    "itself (XFS, btrfs, LVM, LUKS, NTFS)")
        ->type_name("NAME");
}

assembler::SourceOptions reading_of(const MachineSourceOptions& options) {
    if (!options.executor.empty() && options.executor != "libguestfs") {
        throw base::Error(base::ErrorKind::usage,
                          "'" + options.executor + "' does not read machines",
                          "libguestfs, or leave --executor out");
    }
    const bool has_guestfish = base::find_program("guestfish").has_value();
    if (!has_guestfish && (!options.executor.empty() || !options.keys.empty())) {
        throw base::Error(base::ErrorKind::environment,
                          "the executor libguestfs needs the program guestfish",
                          "apt-get install guestfish libguestfs-xfs linux-image-amd64");
    }
    return {.with_secrets = options.with_secrets,
            .plugins = load_all_plugins(options.plugin_folders),
            .also = {},
            .on_progress = {},
            .keep_disks = options.keep_disks,
            .guestfish = has_guestfish ? std::optional(guestfish_settings()) : std::nullopt,
            .keys = imagebuilder::parse_guest_keys(options.keys),
            .only_guestfish = !options.executor.empty()};
}

assembler::MachineSet read_set(const std::vector<std::string>& sources,
                               assembler::SourceOptions reading, base::cli::Io& io) {
    std::vector<assembler::MachineSource> parsed;
    for (const std::string& text : sources) {
        parsed.push_back(assembler::parse_machine_source(text));
    }
    const FoundSources found = find_own_machines(parsed, io);
    base::ProgressBar bar("reading", 0, io.err_is_terminal && !io.quiet && !io.json);
    reading.on_progress = [&](std::uint64_t done, std::uint64_t total) { bar.set(done, total); };
    assembler::MachineSet set = assembler::read_machine_set(found.sources, std::move(reading));
    set.files = found.files;
    return set;
}

std::string assembly_name_of(const std::string& output) {
    const std::filesystem::path path = std::filesystem::absolute(output).lexically_normal();
    const std::filesystem::path place = path.has_filename() ? path : path.parent_path();
    return output == "-" ? "captured" : assembler::host_word(place.stem().string());
}

}  // namespace cli
