// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_introspect.h"

#include <memory>

#include <CLI/CLI.hpp>

#include "assembler/introspect/facts_json.h"
#include "assembler/introspect/source/machine_source.h"
#include "base/error.h"
#include "base/log.h"
#include "base/progress.h"
#include "cli/facts_text.h"

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

std::vector<assembler::MachineFacts> introspect_all(const IntrospectOptions& options,
                                                    base::cli::Io& io) {
    assembler::SourceOptions how{.with_secrets = options.with_secrets,
                                 .plugins = load_all_plugins(options.plugin_folders)};
    std::vector<assembler::MachineFacts> machines;
    for (const std::string& text : options.sources) {
        const assembler::MachineSource source = assembler::parse_machine_source(text);
        base::ProgressBar bar("reading", 0, io.err_is_terminal && !io.quiet && !io.json);
        how.on_progress = [&](std::uint64_t done, std::uint64_t total) { bar.set(done, total); };
        for (assembler::IntrospectedMachine& machine :
             base::in_context("introspecting " + source.location,
                              [&] { return assembler::introspect_source(source, how); })) {
            machines.push_back(std::move(machine.facts));
        }
    }
    assembler::make_names_unique(machines);
    return machines;
}

}  // namespace

void add_introspect(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<IntrospectOptions>();
    CLI::App* verb = app.add_subcommand(
        "introspect", "say what machines are, run, listen on and connect to, out of their files");
    verb->add_option(
            "SOURCE", options->sources,
            "a folder with a machine's files, a disk image, an OVA or OVF folder, the XML of "
            "a domain of libvirt, a .vmx, ssh://USER@HOST; NAME=SOURCE names the machine "
            "(default: what it is called there, or its host name)")
        ->required();
    verb->add_flag("--secrets", options->with_secrets,
                   "print the values of secrets too, which are only named otherwise");
    verb->add_option(
        "--plugins", options->plugin_folders,
        "a folder with plug-ins (*.yaml) of your own, beside those that come with muster");
    verb->add_flag("--all", options->all,
                   "print packages, services and jobs that every system has, too");
    verb->footer(
        "Nothing of a machine is run. Findings have their file and line; how sure one is stands\n"
        "behind it where it is not written there.\n\n"
        "EXIT STATUS\n"
        "  0 printed, 2 no name for a machine, 3 no such source or no system in it, 4 the source "
        "is\n"
        "  damaged, 5 a kind of source or file system that muster does not read, 6 it may not be\n"
        "  read, 9 ssh failed\n\n"
        "EXAMPLE\n"
        "  muster introspect web=web.qcow2 db=/mnt/db --json | jq '.machines[].components'");
    verb->callback([options, &chosen] {
        chosen.run = [options](base::cli::Io& io) { return run_introspect(*options, io); };
    });
}

int run_introspect(const IntrospectOptions& options, base::cli::Io& io) {
    const std::vector<assembler::MachineFacts> machines = introspect_all(options, io);
    if (io.json) {
        base::Json list = base::Json::array();
        for (const assembler::MachineFacts& machine : machines) {
            list.push_back(assembler::to_json(machine));
        }
        io.out << base::to_json_text({{"machines", std::move(list)}}, 2) << '\n';
        return 0;
    }
    for (const assembler::MachineFacts& machine : machines) {
        print_facts(machine, options.all, io);
    }
    return 0;
}

}  // namespace cli
