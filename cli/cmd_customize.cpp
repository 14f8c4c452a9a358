// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_customize.h"

#include <map>
#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "cli/guestfish_settings.h"
#include "cli/verb.h"
#include "imagebuilder/customize/customize.h"

namespace cli {

namespace {

constexpr const char* kFromFile = "commands-from-file";
constexpr const char* kOperationGroup = "OPERATIONS";

// CLI11 groups values by option; operations happen in the order in which they were typed.
std::vector<imagebuilder::Operation> typed_operations(const CLI::App& verb) {
    std::vector<imagebuilder::Operation> operations;
    std::map<const CLI::Option*, std::size_t> taken;
    for (const CLI::Option* option : verb.parse_order()) {
        if (option->get_group() != kOperationGroup) {
            continue;
        }
        const std::string name = option->get_lnames().front();
        const std::size_t at = taken[option]++;
        const std::string value = option->get_expected_max() == 0 ? "" : option->results().at(at);
        if (name == kFromFile) {
            for (auto& operation : imagebuilder::parse_operations(base::read_file(value), value)) {
                operations.push_back(std::move(operation));
            }
        } else {
            operations.push_back({name, value});
        }
    }
    return operations;
}

void add_operation_options(CLI::App& verb, CustomizeVerbOptions& options) {
    const auto add_valued = [&](const std::string& name, std::string text, std::string type) {
        verb.add_option("--" + name, options.values[name], std::move(text))
            ->type_name(std::move(type))
            ->expected(1)
            ->take_all()
            ->group(kOperationGroup);
    };
    for (const imagebuilder::OperationHelp& help : imagebuilder::operation_helps()) {
        const std::string name(help.name);
        if (help.value.empty()) {
            verb.add_flag("--" + name, options.flags[name], std::string(help.text))
                ->group(kOperationGroup);
        } else {
            add_valued(name, std::string(help.text), std::string(help.value));
        }
    }
    add_valued(kFromFile, "take operations from a file, one a line", "FILE");
}

}  // namespace

int run_customize(const CustomizeVerbOptions& options, base::cli::Io& io) {
    imagebuilder::CustomizeOptions customize;
    customize.image = options.image;
    customize.output = options.output;
    customize.operations = options.operations;
    customize.keep_on_error = options.keep;
    customize.dry_run = options.dry_run;
    if (!options.executor.empty()) {
        customize.executor = imagebuilder::parse_executor(options.executor);
    }
    customize.keys = imagebuilder::parse_guest_keys(options.keys);
    customize.network = options.network;
    customize.guestfish = guestfish_settings();
    if (!io.quiet && !io.json) {
        customize.on_progress = [&io](const imagebuilder::BuildProgress& progress) {
            io.err << fmt::format("[{:6.1f}] step {}/{} {}\n", progress.seconds, progress.step,
                                  progress.steps, base::cli::printable(progress.text))
                   << std::flush;
        };
    }
    if (base::log_level() >= base::LogLevel::info) {
        customize.on_output = [&io](std::string_view piece) { io.err << piece << std::flush; };
    }
    const imagebuilder::CustomizeResult result = imagebuilder::customize_image(customize);
    if (io.json) {
        const base::Json json{{"image", result.image.string()},  {"system", result.system},
                              {"filesystem", result.filesystem}, {"executor", result.executor},
                              {"bytes", result.bytes},           {"seconds", result.seconds},
                              {"changed", !options.dry_run}};
        io.out << base::to_json_text(json, 2) << "\n";
        return 0;
    }
    if (options.dry_run) {
        io.err << "nothing was changed\n";
        return 0;
    }
    if (!io.quiet) {
        io.err << base::cli::printable(fmt::format("{} ({}) changed in {:.1f} s, {}", result.system,
                                                   result.filesystem, result.seconds,
                                                   base::format_byte_size(result.bytes)))
               << "\n";
    }
    io.out << result.image.string() << "\n";
    return 0;
}

void add_customize(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<CustomizeVerbOptions>();
    CLI::App* verb = app.add_subcommand(
        "customize", "change a disk image: packages, files, commands, passwords");
    verb->add_option("IMAGE,-a,--add", options->image,
                     "the disk; replaced when all went well, untouched otherwise")
        ->required();
    verb->add_option("-o,--output", options->output, "write FILE.qcow2, .raw or .vmdk instead")
        ->type_name("FILE");
    verb->add_flag("-n,--dry-run", options->dry_run, "only say what would be done");
    verb->add_flag("--keep", options->keep, "keep the copy that a step failed in");
    verb->add_option("--executor", options->executor,
                     "mount or libguestfs; default: mount where this host's kernel and user can, "
                     "else libguestfs")
        ->type_name("NAME");
    verb->add_option("--key", options->keys,
                     "the passphrase of an encrypted volume: ID:key:STRING or ID:file:FILENAME; ID "
                     "is a device such as /dev/sda2, its LUKS UUID, or all")
        ->type_name("SELECTOR")
        ->expected(1)
        ->take_all();
    verb->add_flag("--network", options->network,
                   "a network for commands under libguestfs; installing packages has one anyway");
    add_operation_options(*verb, *options);
    verb->footer(
        "Operations happen in the order in which they are typed. The file system is mounted, which "
        "needs root;\n"
        "LVM, LUKS, several file systems and ordinary users take the small machine of libguestfs "
        "(guestfish).\n\n"
        "EXIT STATUS: 0 done; 2 an operation is wrong, a key is missing; 3 no such image or file; "
        "4 the image\n"
        "is damaged, no key opens it; 5 no system in it that can be mounted; 6 no right to mount "
        "and "
        "no guestfish,\n"
        "no space; 9 a step failed.\n\n"
        "EXAMPLE: muster customize web.qcow2 --install nginx --run-command 'systemctl enable "
        "nginx'");
    verb->callback([options, verb, &chosen] {
        options->operations = typed_operations(*verb);
        chosen.run = [options](base::cli::Io& io) { return run_customize(*options, io); };
    });
}

}  // namespace cli
