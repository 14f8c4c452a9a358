// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/build.h"

#include <unistd.h>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "imagebuilder/build_inputs.h"
#include "imagebuilder/cache/build_memory.h"
#include "imagebuilder/cache/cache_lock.h"
#include "imagebuilder/compose/compose_tarball.h"
#include "imagebuilder/config/install_config.h"
#include "imagebuilder/disk/efi/efi_partition.h"
#include "imagebuilder/evidence/image_evidence.h"
#include "imagebuilder/executor/build_executor.h"
#include "imagebuilder/image_store.h"
#include "imagebuilder/input_key.h"
#include "imagebuilder/step_clock.h"
#include "imagebuilder/tree/sandbox.h"
#include "imagebuilder/tree/seal.h"
#include "imagebuilder/tree/tree_builder.h"
#include "imagebuilder/tree/tree_shell.h"
#include "imagebuilder/work_dir.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;

constexpr int kFinishingSteps = 4;  // guest and settings, seal, disk, digests

// An image that is made but for its record.
struct FinishedImage {
    StoredImage files;
    std::string kernel_version;
    std::string command_line;
    std::int64_t epoch = 0;
    TreePackages packages;
    ovfkit::ConfigSchema config;
};

std::vector<std::string> describe_packages(const std::vector<InstalledPackage>& packages) {
    std::vector<std::string> lines;
    for (const InstalledPackage& package : packages) {
        lines.push_back(package_line(package));
    }
    return lines;
}

// What the finished image was made of.
void prove_image(const FinishedImage& image, const BuildInputs& inputs) {
    EvidenceSubject subject;
    subject.recipe = inputs.recipe.get();
    subject.steps = &inputs.steps;
    subject.identity = inputs.identity;
    subject.release = inputs.apt.release;
    subject.sources = inputs.apt.image_sources;
    subject.epoch = image.epoch;
    subject.packages = image.packages;
    subject.tools = inputs.tools;
    if (inputs.base) {
        subject.tarball = inputs.base->tarball;
    }
    const base::Json record = base::parse_json(base::read_file(image.files.record), "build record");
    const base::Json& files = record.at("files");
    subject.disk_sha256 = base::require_string(files.at("disk"), "sha256");
    subject.kernel_sha256 = base::require_string(files.at("kernel"), "sha256");
    subject.initrd_sha256 = base::require_string(files.at("initrd"), "sha256");
    write_evidence(image.files.folder, subject);
}

void require_locked_disk(const BuiltImage& image, const LockFile& lock) {
    const base::Json record = base::parse_json(base::read_file(image.record), "build record");
    const std::string digest = base::require_string(record.at("files").at("disk"), "sha256");
    if (!lock.image.empty() && lock.image != digest) {
        throw Error(ErrorKind::conflict,
                    fmt::format("the disk is not the one that was locked: sha256 {} instead of {}",
                                digest, lock.image),
                    "the recipe has changed since, or a step is not reproducible (times, random "
                    "bytes, the network); make the lock file anew when that is meant");
    }
}

// With its record and the evidence beside it the image is there.
void store_image(const FinishedImage& image, const BuildInputs& inputs, StepClock& clock) {
    const Recipe& recipe = *inputs.recipe;
    clock.end();
    write_record(image.files,
                 {recipe.name, recipe.version, recipe.description, inputs.key, image.kernel_version,
                  image.command_line, disk_of(recipe).size_bytes, image.epoch,
                  describe_packages(image.packages.installed), clock.times(), image.config});
    prove_image(image, inputs);
    publish_image(image.files);
}

// Straight from the tar to the image's files in the store.
void compose_image(const BuildInputs& inputs, StepClock& clock, const WorkDir& work) {
    const StoredImage files = new_stored_image(inputs.key);
    const ImageParts parts = compose_tarball({
        .tarball = inputs.base->tarball,
        .recipe = inputs.recipe.get(),
        .guest = inputs.guest,
        .key = inputs.identity,
        .filesystem_uuid = uuid_from_key(inputs.identity, "root"),
        .epoch = inputs.epoch,
        .work_dir = work.path(),
        .qcow2 = files.disk,
        .on_step = [&](const std::string& text) { clock.begin(text); },
    });
    clock.begin("digests");
    base::write_file(files.kernel, parts.kernel);
    base::write_file(files.initrd, parts.initrd);
    store_image({files,
                 parts.kernel_version,
                 parts.command_line,
                 parts.epoch,
                 make_tree_packages(parts.packages, inputs.apt, inputs.lock),
                 {}},
                inputs, clock);
}

// From nothing to the image's files in the store.
void make_image(const BuildOptions& options, const BuildInputs& inputs, StepClock& clock,
                const WorkDir& work, BuildExecutor& executor) {
    require_namespaces();
    const Recipe& recipe = *inputs.recipe;
    const DiskLayout layout = disk_of(recipe);
    const std::string uuid = uuid_from_key(inputs.identity, "root");
    const std::int64_t epoch = inputs.epoch ? *inputs.epoch : newest_time_in(inputs.base->tarball);
    const StoredImage files = new_stored_image(inputs.key);
    DiskOptions disk{.qcow2 = files.disk,
                     .size_bytes = layout.size_bytes,
                     .key = inputs.identity,
                     .filesystem_uuid = uuid,
                     .epoch = epoch,
                     .work_dir = work.path(),
                     .bios = layout.bios,
                     .efi_bytes = layout.uefi ? 1U : 0U,  // not yet known
                     .root = layout.root};
    executor.begin(disk, work.tree());

    // The tree, as the recipes say.
    const auto on_step = [&](const std::string& text, bool cached) { clock.begin(text, cached); };
    TreeOptions tree{work.tree(), options.use_cache, on_step, options.on_output, {}};
    if (inputs.base) {
        tree.tarball = inputs.base->tarball;
    }
    build_tree(tree, inputs.steps, inputs.apt);

    // What every image gets. From here on no package is installed.
    const StepContext context{work.tree(), nullptr, options.on_output};
    clock.begin(inputs.guest ? "muster-guest, settings, boot files" : "settings, boot files");
    if (inputs.guest) {
        install_guest(context, *inputs.guest);
    }
    apply_settings(context, recipe, uuid);
    const ovfkit::ConfigSchema schema = install_config(context, recipe.name, inputs.config);
    const BootFiles boot = install_boot_files(context, recipe, uuid);
    const TreePackages packages = read_tree_packages(context, inputs.apt, inputs.lock);
    clean_tree(context);
    clock.begin(wants_seal(recipe) ? "seal: template" : "seal: none");
    if (wants_seal(recipe)) {
        seal_tree(context);
    }

    // Beyond this point the tree does not change any more.
    clock.begin("disk");
    const std::string kernel = base::read_file(boot.kernel);
    std::optional<EfiBoot> efi;
    if (layout.uefi) {
        efi = EfiBoot{recipe.name, boot.kernel_version, kernel, boot.initrd, boot.command_line};
        disk.efi_bytes = efi_partition_size(kernel.size(), boot.initrd.size());
    }
    executor.finish(disk, work.tree(), efi);
    clock.begin("digests");
    base::write_file(files.kernel, kernel);
    base::write_file(files.initrd, boot.initrd);
    store_image({files, boot.kernel_version, boot.command_line, epoch, packages, schema}, inputs,
                clock);
}

// What the user wanted to have of a build that failed.
void after_failure(const BuildOptions& options, const BuildInputs& inputs, const WorkDir& work,
                   const BuildExecutor& executor, Error& error) {
    if (options.on_error == OnError::keep) {
        error.set_hint(fmt::format("{}{}{}", executor.describe_kept(work.tree()),
                                   error.hint().empty() ? "" : "\n        ", error.hint()));
    }
    const bool has_tree = fs::exists(work.tree() / "etc");  // not when the bootstrap failed
    if (options.on_error == OnError::shell && error.kind() != ErrorKind::interrupted && has_tree) {
        if (options.before_shell) {
            options.before_shell(error);
        }
        open_tree_shell({work.tree(), &inputs.apt, {}}, STDIN_FILENO, STDERR_FILENO);
    }
}

void build_in_work_dir(const BuildOptions& options, const BuildInputs& inputs, StepClock& clock) {
    WorkDir work(options.on_error == OnError::keep);
    const auto executor = make_executor(inputs.executor.executor,
                                        options.inputs.guestfish);  // ends before the folder
    try {
        base::in_context(fmt::format("building '{}'", inputs.recipe->name), [&] {
            if (is_composed(inputs)) {
                compose_image(inputs, clock, work);
            } else {
                make_image(options, inputs, clock, work, *executor);
            }
        });
    } catch (Error& error) {
        after_failure(options, inputs, work, *executor, error);
        throw;
    }
    work.remove();
}

void require_terminal() {
    if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDERR_FILENO) != 1) {
        throw Error(ErrorKind::usage, "a shell at a failing step needs a terminal",
                    "run it on a terminal, or with --on-error=keep");
    }
}

}  // namespace

BuiltImage build_image(const BuildOptions& options) {
    if (!options.output.empty()) {
        form_of_image(options.output);
    }
    if (options.on_error == OnError::shell) {
        require_terminal();
    }
    const CacheUse cache;
    const BuildInputs inputs = gather_inputs(options.recipe, options.frozen, options.inputs);
    StepClock clock(is_composed(inputs) ? kComposeSteps + 1
                                        : static_cast<int>(inputs.steps.size()) + kFinishingSteps,
                    options.on_progress, options.on_step_end);
    const base::FileLock lock(image_lock_path(inputs.key));
    const bool hit = options.use_cache && has_image(inputs.key);
    if (!hit) {
        build_in_work_dir(options, inputs, clock);
    }
    remember_build(*inputs.recipe, inputs.steps, inputs.image);
    touch_image(inputs.key);
    BuiltImage image = read_image(inputs.key);
    image.from_cache = hit;
    if (inputs.lock && !options.any_disk) {
        require_locked_disk(image, *inputs.lock);
    }
    if (!options.output.empty()) {
        copy_image_to(image, options.output);
    }
    image.seconds = clock.seconds();
    image.steps = clock.times();
    return image;
}

}  // namespace imagebuilder
