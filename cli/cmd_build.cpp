// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_build.h"

#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/error.h"
#include "base/log.h"
#include "base/process.h"
#include "cli/build_plan_text.h"
#include "cli/build_progress.h"
#include "cli/guestfish_settings.h"
#include "cli/run_installer.h"
#include "cli/verb.h"
#include "imagebuilder/build.h"
#include "imagebuilder/cache/cache_lock.h"

namespace cli {

namespace {

using base::Error;
using base::ErrorKind;
using imagebuilder::OnError;

base::Json to_json(const imagebuilder::BuiltImage& image) {
    base::Json json;
    json["name"] = image.name;
    json["version"] = image.version;
    json["disk"] = image.disk.string();
    json["kernel"] = image.kernel.string();
    json["initrd"] = image.initrd.string();
    json["record"] = image.record.string();
    json["kernel_command_line"] = image.kernel_command_line;
    json["capacity_bytes"] = image.capacity_bytes;
    json["key"] = image.key;
    json["from_cache"] = image.from_cache;
    json["seconds"] = image.seconds;
    json["steps"] = base::Json::array();
    for (const imagebuilder::StepTime& step : image.steps) {
        json["steps"].push_back(
            {{"name", step.name}, {"seconds", step.seconds}, {"cached", step.cached}});
    }
    return json;
}

OnError on_error_of(const BuildVerbOptions& options) {
    if (options.keep && !options.on_error.empty() && options.on_error != "keep") {
        throw Error(ErrorKind::usage,
                    fmt::format("--keep and --on-error={} contradict each other", options.on_error),
                    "--keep is --on-error=keep");
    }
    if (options.on_error == "shell") {
        return OnError::shell;
    }
    return options.keep || options.on_error == "keep" ? OnError::keep : OnError::abort;
}

std::string again_hint(const BuildVerbOptions& options, const std::string& hint) {
    base::Command again;
    again.argv = {"muster", "build", options.recipe, "-o", options.output};
    if (on_error_of(options) == OnError::abort) {
        again.argv.emplace_back("--on-error=shell");
    }
    return fmt::format("run it again: {}{}{}", again.to_string(), hint.empty() ? "" : "\n        ",
                       hint);
}

imagebuilder::InputOptions input_options_of(const BuildVerbOptions& options) {
    imagebuilder::InputOptions inputs;
    if (!options.executor.empty()) {
        inputs.executor = imagebuilder::parse_executor(options.executor);
    }
    inputs.guestfish = guestfish_settings();
    if (!options.plan) {
        inputs.run_installer = run_installer;
    }
    return inputs;
}

void require_output(const BuildVerbOptions& options) {
    if (options.output.empty()) {
        throw Error(ErrorKind::usage, "a build needs -o FILE",
                    "name the disk: FILE.qcow2, FILE.raw or FILE.vmdk; or ask with --plan");
    }
}

}  // namespace

int run_build(const BuildVerbOptions& options, base::cli::Io& io) {
    check_evidence_options(options.evidence);
    const std::filesystem::path frozen =
        options.evidence.frozen ? lock_path(options.evidence, options.recipe) : "";
    if (options.plan) {
        print_build_plan(imagebuilder::plan_build(options.recipe, frozen, !options.no_cache,
                                                  input_options_of(options)),
                         io);
        return 0;
    }
    require_output(options);
    imagebuilder::BuildOptions build;
    build.recipe = options.recipe;
    build.output = options.output;
    build.frozen = frozen;
    build.inputs = input_options_of(options);
    build.use_cache = !options.no_cache;
    build.on_error = on_error_of(options);
    build.before_shell = [&io](const Error& error) {
        base::cli::print_error(io, error);
        io.err << "A shell in the tree, as the step left it; the build ends with it.\n"
               << std::flush;
    };
    const BuildProgressStyle style = find_progress_style(options.progress, io);
    io.json_errors = style == BuildProgressStyle::json;
    BuildReporter reporter(style, io);
    reporter.attach(build, base::log_level() >= base::LogLevel::info);
    const imagebuilder::CacheUse cache;  // until what is made of the image is written too
    imagebuilder::BuiltImage image;
    try {
        image = imagebuilder::build_image(build);
    } catch (Error& error) {
        if (error.kind() == ErrorKind::external) {
            error.set_hint(again_hint(options, error.hint()));
        }
        throw;
    }
    reporter.finish(image);
    std::vector<std::filesystem::path> evidence =
        write_evidence_files(options.evidence, options.recipe, options.output, image);
    for (const auto& path : prove_boot(options.evidence, options.output, image, io)) {
        evidence.push_back(path);
    }
    if (io.json) {
        base::Json json = to_json(image);
        json["evidence"] = base::Json::array();
        for (const auto& path : evidence) {
            json["evidence"].push_back(path.string());
        }
        io.out << base::to_json_text(json, 2) << "\n";
        return 0;
    }
    for (const auto& path : {image.disk, image.kernel, image.initrd, image.record}) {
        io.out << path.string() << "\n";
    }
    for (const auto& path : evidence) {
        io.out << path.string() << "\n";
    }
    return 0;
}

void add_build(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<BuildVerbOptions>();
    CLI::App* verb = app.add_subcommand("build", "make a bootable disk image from a recipe");
    verb->add_option("RECIPE", options->recipe, "folder with recipe.yaml, or the file")->required();
    verb->add_option("-o,--output", options->output,
                     "the disk: FILE.qcow2, FILE.raw or FILE.vmdk; kernel, initrd and build record "
                     "go beside it");
    verb->add_flag("--plan,--explain", options->plan,
                   "build nothing; say which steps would run, and why");
    verb->add_option("--executor", options->executor,
                     "who makes the disk: compose, mount (root), or libguestfs (XFS, btrfs, LVM); "
                     "default: the one that fits, see --explain")
        ->check(CLI::IsMember({"compose", "mount", "libguestfs"}))
        ->type_name("WHO");
    verb->add_flag("--no-cache", options->no_cache, "make everything anew, the bootstrap too");
    verb->add_option("--on-error", options->on_error,
                     "of a build that fails: abort (default), keep its tree, or open a shell in it")
        ->check(CLI::IsMember({"abort", "keep", "shell"}))
        ->type_name("WHAT");
    verb->add_flag("--keep", options->keep, "the same as --on-error=keep");
    verb->add_option("--progress", options->progress,
                     "auto, plain, or json: an object a line on standard error")
        ->check(CLI::IsMember({"auto", "plain", "json"}))
        ->type_name("HOW")
        ->capture_default_str();
    add_evidence_options(*verb, options->evidence);
    verb->footer(
        "Each step is kept as a layer: only a changed step and those after it run again. What is\n"
        "kept is listed and removed by 'muster cache'.\n\n"
        "EXIT STATUS: 0 built; 2 not a name for a disk, or no terminal for a shell; 3 no such\n"
        "recipe; 4 the recipe is wrong, or the image too small; 5 a key or value is not "
        "supported;\n"
        "6 a tool or right is missing; 7 a frozen build is not what was locked; 9 a step "
        "failed.\n\n"
        "EXAMPLE: muster build templates/nginx -o nginx.qcow2");
    verb->callback([options, &chosen] {
        chosen.run = [options](base::cli::Io& io) { return run_build(*options, io); };
    });
}

}  // namespace cli
