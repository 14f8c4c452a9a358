// SPDX-License-Identifier: Apache-2.0
// Where the image of a machine comes from: a recipe or a disk image.
#include <fmt/format.h>

#include "assembler/pack.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "imagebuilder/build.h"

namespace assembler {

namespace {

namespace fs = std::filesystem;

ProvidedImage build(const fs::path& recipe,
                    const std::function<void(const std::string&)>& on_step) {
    imagebuilder::BuildOptions options;
    options.recipe = recipe;
    if (on_step) {
        options.on_progress = [&](const imagebuilder::BuildProgress& progress) {
            on_step(fmt::format("{}: step {}/{} {}{}", recipe.filename().string(), progress.step,
                                progress.steps, progress.text, progress.cached ? " (cached)" : ""));
        };
    }
    const imagebuilder::BuiltImage built = imagebuilder::build_image(options);
    return {built.name,
            built.disk,
            built.kernel,
            built.initrd,
            built.kernel_command_line,
            evidence_of_build(built.evidence)};
}

// `muster build -o nginx.qcow2` leaves kernel, initrd and record beside the disk.
ProvidedImage take(const fs::path& disk) {
    ProvidedImage image;
    image.name = disk.stem().string();
    image.disk = disk;
    image.evidence = evidence_beside(disk);
    const auto beside = [&](const char* extension) {
        return fs::path(disk).replace_extension(extension);
    };
    const bool complete = fs::exists(beside(".vmlinuz")) && fs::exists(beside(".initrd")) &&
                          fs::exists(beside(".build.json"));
    if (complete) {
        const base::Json record = base::parse_json(base::read_file(beside(".build.json")),
                                                   beside(".build.json").string());
        image.kernel = beside(".vmlinuz");
        image.initrd = beside(".initrd");
        image.kernel_command_line = base::require_string(record, "kernel_command_line");
    }
    return image;
}

}  // namespace

ImageProvider default_image_provider(std::function<void(const std::string&)> on_step) {
    return [on_step = std::move(on_step)](const AssemblyMachine& machine,
                                          const fs::path& location) {
        if (machine.image.find(".ova") != std::string::npos && !fs::exists(location)) {
            throw base::Error(base::ErrorKind::unsupported,
                              fmt::format("image '{}': systems of other packages cannot be packed",
                                          machine.image),
                              "name a recipe or a disk image");
        }
        if (!fs::exists(location)) {
            throw base::Error(base::ErrorKind::not_found,
                              fmt::format("there is no image '{}'", location.string()),
                              "name a folder with recipe.yaml or a disk image, relative to the "
                              "assembly file");
        }
        const bool is_recipe = fs::is_directory(location) || location.extension() == ".yaml";
        return is_recipe ? build(location, on_step) : take(location);
    };
}

}  // namespace assembler
