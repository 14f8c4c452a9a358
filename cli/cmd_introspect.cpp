// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_introspect.h"

#include <memory>

#include <CLI/CLI.hpp>

#include "assembler/introspect/connect/connections_text.h"
#include "assembler/introspect/connect/match_connections.h"
#include "assembler/introspect/facts_json.h"
#include "assembler/introspect/set/folder_of_set.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "cli/differences_text.h"
#include "cli/facts_text.h"
#include "cli/introspect_folder.h"

namespace cli {

namespace {

constexpr const char* kIntrospectFooter =
    "Nothing of a machine is run here, and nothing of it is changed. Findings have their file and "
    "line;\n"
    "how sure one is stands behind it where it is not written there. Of several machines it also\n"
    "says who connects to whom.\n"
    "\n"
    "With -o DIR: an assembly file with the machines, their networks and start order, properties\n"
    "in place of the addresses and ports that were found, what is outside as required properties;\n"
    "and for each machine the edits that make it read them. With --recipes the machines are built\n"
    "anew from their packages and files instead of their disks. The output says what to do next.\n"
    "Values of secrets are only copied with --secrets: otherwise a secret in a file that muster\n"
    "writes becomes a required property of type password, all others stay in the image.\n"
    "\n"
    "With --compare two sources, or what --json printed of them (FILE.json), are compared: "
    "packages,\n"
    "services, users, applications, their connections and settings, changed files.\n"
    "\n"
    "EXIT STATUS\n"
    "  0 printed, written or compared, whether they differ or not; with --exit-code 10 when they\n"
    "  differ. 2 wrong options or no name for a machine, 3 no such source or no system in it, 4 "
    "the\n"
    "  source is damaged, 5 a kind of source, file system or (--recipes) distribution that muster\n"
    "  does not do, 6 it may not be read, 7 the folder is not empty, another job works on the\n"
    "  deployment or the machine was started meanwhile, 9 ssh or the copy of a running machine\n"
    "  failed\n"
    "\n"
    "EXAMPLES\n"
    "  muster introspect web=web.qcow2 db=/mnt/db --json | jq '.machines[].components'\n"
    "  muster introspect web.qcow2 app.qcow2 db.qcow2 -o shop --recipes\n"
    "  muster introspect --compare db.qcow2 rebuilt/db.qcow2\n"
    "  muster introspect machine:shop/web";

void print_set(const assembler::MachineSet& set, const IntrospectOptions& options,
               base::cli::Io& io) {
    const assembler::ConnectionMap map = assembler::match_connections(set.machines);
    const assembler::StartOrder order = assembler::start_order(set.machines, map);
    if (io.json) {
        base::Json json = assembler::connections_json(map, order);
        json["machines"] = base::Json::array();
        for (const assembler::MachineFacts& machine : set.machines) {
            json["machines"].push_back(assembler::to_json(machine));
        }
        io.out << base::to_json_text(json, 2) << '\n';
        return;
    }
    for (const assembler::MachineFacts& machine : set.machines) {
        print_facts(machine, options.all, io);
    }
    if (set.machines.size() > 1) {
        io.out << "\nconnections\n" << base::cli::printable(connections_text(map, order));
    }
}

assembler::MachineSet read_side(const std::string& source, const IntrospectOptions& options,
                                base::cli::Io& io) {
    if (!assembler::is_saved_facts(source)) {
        return read_set({source}, reading_of(options.from), io);
    }
    assembler::MachineSet set;
    set.machines = assembler::name_machines(assembler::read_saved_facts(source));
    return set;
}

int compare(const IntrospectOptions& options, base::cli::Io& io) {
    const std::string& one = options.from.sources.front();
    const std::string& other = options.from.sources.back();
    const std::vector<assembler::Difference> found =
        compare_sets(read_side(one, options, io), read_side(other, options, io));
    if (io.json) {
        const base::Json json{{"before", one},
                              {"after", other},
                              {"same", found.empty()},
                              {"changes", ovfkit::to_json(found)}};
        io.out << base::to_json_text(json, 2) << '\n';
    } else {
        print_differences(found, io);
    }
    const bool differ = options.exit_code && !found.empty();
    return static_cast<int>(differ ? base::ExitCode::partial : base::ExitCode::ok);
}

void require_sense(const IntrospectOptions& options) {
    const auto refuse = [](const char* what, const char* hint) {
        throw base::Error(base::ErrorKind::usage, what, hint);
    };
    if (options.compare && options.from.sources.size() != 2) {
        refuse("--compare needs two sources",
               "give the older and the newer one: muster introspect --compare A B");
    }
    if (options.compare && !options.output.empty()) {
        refuse("--compare writes no folder", "leave -o out; --json prints the differences");
    }
    if (options.output.empty() && (options.recipes || options.force)) {
        refuse(options.recipes ? "--recipes needs a folder to write to"
                               : "--force is for the folder of -o",
               "name one: -o DIR");
    }
    if (options.exit_code && !options.compare) {
        refuse("--exit-code is for --compare", "leave it out");
    }
}

}  // namespace

void add_introspect(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<IntrospectOptions>();
    CLI::App* verb = app.add_subcommand(
        "introspect", "say what machines are, run, listen on and connect to, out of their files");
    add_source_options(*verb, options->from);
    add_guestfish_options(*verb, options->from);
    verb->add_flag("--secrets", options->from.with_secrets,
                   "print or write the values of secrets too, which are only named otherwise");
    verb->add_flag("--all", options->all,
                   "print packages, services and jobs that every system has, too");
    verb->add_option("-o,--output", options->output, "write the assembly of the machines to DIR")
        ->type_name("DIR");
    verb->add_flag("--recipes", options->recipes, "with recipes that rebuild the machines, in DIR");
    verb->add_flag("--force", options->force, "replace files in a DIR that is not empty");
    verb->add_flag("--compare", options->compare, "show what differs between two sources");
    verb->add_flag("--exit-code", options->exit_code,
                   "of --compare: exit with 10 when there are differences");
    verb->footer(kIntrospectFooter);
    verb->callback([options, &chosen] {
        chosen.run = [options](base::cli::Io& io) { return run_introspect(*options, io); };
    });
}

int run_introspect(const IntrospectOptions& options, base::cli::Io& io) {
    require_sense(options);
    if (options.compare) {
        return compare(options, io);
    }
    if (!options.output.empty()) {
        return write_introspected(options, io);
    }
    print_set(read_set(options.from.sources, reading_of(options.from), io), options, io);
    return 0;
}

}  // namespace cli
