// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_build.h"

#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/process.h"
#include "cli/verb.h"
#include "imagebuilder/build.h"

namespace cli {

namespace {

void print_progress(base::cli::Io& io, const imagebuilder::BuildProgress& progress) {
    io.err << fmt::format("[{:6.1f}] step {}/{} {}{}\n", progress.seconds, progress.step,
                          progress.steps, base::cli::printable(progress.text),
                          progress.cached ? " (cached)" : "")
           << std::flush;
}

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

std::string again_hint(const BuildVerbOptions& options, const std::string& hint) {
    base::Command again;
    again.argv = {"muster", "build", options.recipe, "-o", options.output};
    if (!options.keep) {
        again.argv.emplace_back("--keep");
    }
    return fmt::format("run it again: {}{}{}", again.to_string(), hint.empty() ? "" : "\n        ",
                       hint);
}

}  // namespace

int run_build(const BuildVerbOptions& options, base::cli::Io& io) {
    check_evidence_options(options.evidence);
    imagebuilder::BuildOptions build;
    build.recipe = options.recipe;
    build.output = options.output;
    if (options.evidence.frozen) {
        build.frozen = lock_path(options.evidence, options.recipe);
    }
    build.use_cache = !options.no_cache;
    build.keep_on_error = options.keep;
    if (!io.quiet && !io.json) {
        build.on_progress = [&io](const imagebuilder::BuildProgress& progress) {
            print_progress(io, progress);
        };
    }
    if (base::log_level() >= base::LogLevel::info) {
        build.on_output = [&io](std::string_view piece) { io.err << piece << std::flush; };
    }
    imagebuilder::BuiltImage image;
    try {
        image = imagebuilder::build_image(build);
    } catch (base::Error& error) {
        if (error.kind() == base::ErrorKind::external) {
            error.set_hint(again_hint(options, error.hint()));
        }
        throw;
    }
    const std::vector<std::filesystem::path> evidence =
        write_evidence_files(options.evidence, options.recipe, options.output, image);
    if (io.json) {
        base::Json json = to_json(image);
        json["evidence"] = base::Json::array();
        for (const auto& path : evidence) {
            json["evidence"].push_back(path.string());
        }
        io.out << base::to_json_text(json, 2) << "\n";
        return 0;
    }
    if (!io.quiet) {
        io.err << fmt::format("{} {} in {:.1f} s, {} for a disk of {}\n", image.name,
                              image.from_cache ? "from the cache" : "built", image.seconds,
                              base::format_byte_size(base::file_size(image.disk)),
                              base::format_byte_size(image.capacity_bytes));
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
    verb->add_option(
            "-o,--output", options->output,
            "the disk: FILE.qcow2, FILE.raw or FILE.vmdk; kernel, initrd and build record go "
            "beside it")
        ->required();
    verb->add_flag("--no-cache", options->no_cache, "make everything anew, the bootstrap too");
    verb->add_flag("--keep", options->keep, "keep the tree of a build that fails");
    add_evidence_options(*verb, options->evidence);
    verb->footer(
        "EXIT STATUS: 0 built; 2 not a name for a disk; 3 no such recipe; 4 the recipe is wrong, "
        "or the image too small;\n"
        "5 a key or value is not supported; 6 a tool or right is missing; 7 a frozen build is not "
        "what was "
        "locked; 9 a step failed.\n\n"
        "EXAMPLE: muster build templates/nginx -o nginx.qcow2");
    verb->callback([options, &chosen] {
        chosen.run = [options](base::cli::Io& io) { return run_build(*options, io); };
    });
}

}  // namespace cli
