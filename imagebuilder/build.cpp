// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/build.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "imagebuilder/disk/disk_image.h"
#include "imagebuilder/disk/efi/efi_partition.h"
#include "imagebuilder/disk/initrd.h"
#include "imagebuilder/evidence/image_evidence.h"
#include "imagebuilder/image_store.h"
#include "imagebuilder/input_key.h"
#include "imagebuilder/plan/planned_step.h"
#include "imagebuilder/step_clock.h"
#include "imagebuilder/tree/finish.h"
#include "imagebuilder/tree/locked_index.h"
#include "imagebuilder/tree/sandbox.h"
#include "imagebuilder/tree/seal.h"
#include "imagebuilder/tree/tree_builder.h"
#include "imagebuilder/work_dir.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;

// Part of every key: raise it when the same recipe gives another tree or disk.
constexpr std::string_view kBuilder = "muster imagebuilder 3";

std::optional<GuestFiles> require_guest(const Recipe& recipe) {
    if (!wants_guest(recipe)) {
        return std::nullopt;
    }
    auto guest = find_guest_files();
    if (!guest) {
        throw Error(ErrorKind::environment, "the program 'muster-guest' for the image is missing",
                    "build the target 'muster-guest' beside muster, set MUSTER_GUEST to its path, "
                    "or write 'guest: false' in the recipe");
    }
    return guest;
}

// All inputs of the steps but the state of the archives: ids that are made of it are the same when
// a lock file brings the same packages from elsewhere.
std::string timeless_key(const std::vector<PlannedStep>& steps) {
    InputKey key;
    for (const PlannedStep& step : steps) {
        key.add("step", step.name);
        for (const NamedInput& input : step.inputs) {
            if (input.name != "package sources" && input.name != "package index") {
                key.add(input.name, input.digest);
            }
        }
    }
    return key.finish();
}

// Everything that decides what the image will be; `tree` stands for its steps.
std::string image_key(const Recipe& recipe, const std::string& tree,
                      const std::optional<GuestFiles>& guest) {
    InputKey key;
    key.add("builder", kBuilder);
    key.add("tree", tree);
    const DiskLayout disk = disk_of(recipe);
    key.add("disk", fmt::format("{} {} {} {}", disk.size_bytes, disk.grow, disk.bios, disk.uefi));
    if (disk.uefi) {
        key.add_files("systemd-boot", find_systemd_boot());
    }
    key.add("seal", wants_seal(recipe) ? "template" : "none");
    key.add_files("busybox", find_static_busybox());
    for (const Recipe* at = &recipe; at != nullptr; at = at->parent.get()) {
        key.add("name", at->name);
        key.add("version", at->version);
        key.add("hostname", at->hostname.value_or(""));
        for (const std::string& command : at->firstboot) {
            key.add("firstboot", command);
        }
        for (const std::string& argument : at->kernel_arguments) {
            key.add("kernel argument", argument);
        }
    }
    if (guest) {
        key.add_files("guest", fs::canonical(guest->program));
        if (!guest->rootfs.empty()) {
            key.add_files("guest files", guest->rootfs);
        }
    }
    return key.finish();
}

constexpr int kFinishingSteps = 4;  // guest and settings, seal, file system, disk

struct Inputs {
    Recipe recipe;
    AptIndex apt;
    std::vector<PlannedStep> steps;
    std::optional<GuestFiles> guest;
    std::map<std::string, std::string> tools;
    std::optional<LockFile> lock;
    std::string key;
    std::string identity;  // as the key, but without the state of the archives
    std::int64_t epoch = 0;
};

LockFile require_lock(const BuildOptions& options, const Inputs& inputs) {
    LockFile lock = read_lock(options.frozen.string());
    if (lock.release != source_of(inputs.recipe).release) {
        throw Error(
            ErrorKind::conflict,
            fmt::format("lock file '{}' is of release '{}', the recipe of '{}'",
                        options.frozen.string(), lock.release, source_of(inputs.recipe).release),
            "make it anew: muster build RECIPE --lock");
    }
    const std::vector<std::string> differences = differing_tools(lock, inputs.tools);
    if (!differences.empty()) {
        throw Error(ErrorKind::conflict,
                    fmt::format("lock file '{}': {}", options.frozen.string(),
                                fmt::join(differences, "; ")),
                    "use the versions that it was made with, or make it anew: muster build RECIPE "
                    "--lock");
    }
    return lock;
}

Inputs gather_inputs(const BuildOptions& options) {
    Inputs inputs;
    inputs.recipe = load_recipe(options.recipe);
    inputs.guest = require_guest(inputs.recipe);
    inputs.tools = image_tools(inputs.guest, disk_of(inputs.recipe).uefi);
    if (!options.frozen.empty()) {
        inputs.lock = require_lock(options, inputs);
    }
    inputs.apt = inputs.lock ? open_locked_index(*inputs.lock)
                             : open_apt_index(source_of(inputs.recipe).release);
    inputs.steps = plan_steps(inputs.recipe, inputs.apt, kBuilder);
    inputs.key = image_key(inputs.recipe, inputs.steps.back().key, inputs.guest);
    inputs.identity = image_key(inputs.recipe, timeless_key(inputs.steps), inputs.guest);
    const char* epoch = std::getenv("SOURCE_DATE_EPOCH");
    inputs.epoch =
        epoch != nullptr && !inputs.lock ? std::strtoll(epoch, nullptr, 10) : inputs.apt.epoch;
    return inputs;
}

std::vector<std::string> describe_packages(const std::vector<InstalledPackage>& packages) {
    std::vector<std::string> lines;
    for (const InstalledPackage& package : packages) {
        lines.push_back(package.name + " " + package.version + " " + package.architecture);
    }
    return lines;
}

// What the finished image was made of; and that a frozen one is the one that was locked.
void prove_image(const StoredImage& image, const Inputs& inputs, const TreePackages& packages) {
    EvidenceSubject subject;
    subject.recipe = &inputs.recipe;
    subject.steps = &inputs.steps;
    subject.identity = inputs.identity;
    subject.release = inputs.apt.release;
    subject.sources = inputs.apt.image_sources;
    subject.epoch = inputs.epoch;
    subject.packages = packages;
    subject.tools = inputs.tools;
    const base::Json record = base::parse_json(base::read_file(image.record), "build record");
    const base::Json& files = record.at("files");
    subject.disk_sha256 = base::require_string(files.at("disk"), "sha256");
    subject.kernel_sha256 = base::require_string(files.at("kernel"), "sha256");
    subject.initrd_sha256 = base::require_string(files.at("initrd"), "sha256");
    write_evidence(image.folder, subject);
    if (inputs.lock && !inputs.lock->image.empty() && inputs.lock->image != subject.disk_sha256) {
        throw Error(ErrorKind::conflict,
                    fmt::format("the disk is not the one that was locked: sha256 {} instead of {}",
                                subject.disk_sha256, inputs.lock->image),
                    "the recipe has changed since, or a step is not reproducible (times, random "
                    "bytes, the network); make the lock file anew when that is meant");
    }
}

// From nothing to the image's files in the store.
void make_image(const BuildOptions& options, const Inputs& inputs, StepClock& clock) {
    WorkDir work(options.keep_on_error);
    require_namespaces();

    // The tree, as the recipes say.
    const auto on_step = [&](const std::string& text, bool cached) { clock.begin(text, cached); };
    build_tree({work.tree(), options.use_cache, on_step, options.on_output}, inputs.steps,
               inputs.apt);

    // What every image gets. From here on no package is installed.
    const StepContext context{work.tree(), nullptr, options.on_output};
    const std::string uuid = uuid_from_key(inputs.identity, "root");
    clock.begin(inputs.guest ? "muster-guest, settings, boot files" : "settings, boot files");
    if (inputs.guest) {
        install_guest(context, *inputs.guest);
    }
    apply_settings(context, inputs.recipe, uuid);
    const BootFiles boot = install_boot_files(context, inputs.recipe, uuid);
    const TreePackages packages = read_tree_packages(context, inputs.apt, inputs.lock);
    clean_tree(context);
    clock.begin(wants_seal(inputs.recipe) ? "seal: template" : "seal: none");
    if (wants_seal(inputs.recipe)) {
        seal_tree(context);
    }

    // Beyond this point the tree does not change any more.
    clock.begin("file system and boot loader");
    const DiskLayout layout = disk_of(inputs.recipe);
    const fs::path raw = work.path() / "disk.raw";
    RawDiskOptions disk{raw, layout.size_bytes, inputs.identity, uuid, inputs.epoch, work.path()};
    disk.bios = layout.bios;
    if (layout.uefi) {
        disk.efi = EfiBoot{inputs.recipe.name, boot.kernel_version, base::read_file(boot.kernel),
                           boot.initrd, boot.command_line};
    }
    make_raw_disk(disk, work.tree());
    clock.begin("qcow2 and digests");
    StoredImage image = new_stored_image(inputs.key);
    convert_to_qcow2(raw, image.disk);
    base::write_file(image.kernel, base::read_file(boot.kernel));
    base::write_file(image.initrd, boot.initrd);
    clock.end();
    write_record(image, {inputs.recipe.name, inputs.recipe.version, inputs.recipe.description,
                         inputs.key, boot.kernel_version, boot.command_line, layout.size_bytes,
                         inputs.epoch, describe_packages(packages.installed), clock.times()});
    prove_image(image, inputs, packages);
    publish_image(image);
    work.remove();
}

}  // namespace

BuiltImage build_image(const BuildOptions& options) {
    if (!options.output.empty()) {
        check_image_name(options.output);
    }
    const Inputs inputs = gather_inputs(options);
    StepClock clock(static_cast<int>(inputs.steps.size()) + kFinishingSteps, options.on_progress);
    const base::FileLock lock(image_lock_path(inputs.key));
    const bool hit = options.use_cache && has_image(inputs.key);
    if (!hit) {
        base::in_context(fmt::format("building '{}'", inputs.recipe.name),
                         [&] { make_image(options, inputs, clock); });
    }
    BuiltImage image = read_image(inputs.key);
    image.from_cache = hit;
    if (!options.output.empty()) {
        copy_image_to(image, options.output);
    }
    image.seconds = clock.seconds();
    image.steps = clock.times();
    return image;
}

}  // namespace imagebuilder
