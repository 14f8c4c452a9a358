// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/build_inputs.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "imagebuilder/disk/efi/efi_partition.h"
#include "imagebuilder/disk/initrd.h"
#include "imagebuilder/evidence/image_evidence.h"
#include "imagebuilder/tree/locked_index.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;

// Part of every key: raise it when the same recipe gives another tree or disk.
constexpr std::string_view kBuilder = "muster imagebuilder 5";

// Part of an image's key, but of no id in it: raise it when the evidence beside images changes.
constexpr std::string_view kEvidenceForm = "3";

std::optional<GuestFiles> require_guest(const Recipe& recipe) {
    if (!wants_guest(recipe)) {
        return std::nullopt;
    }
    auto guest = find_guest_files();
    if (!guest) {
        throw base::Error(base::ErrorKind::environment,
                          "the program 'muster-guest' for the image is missing",
                          "build the target 'muster-guest' beside muster, set MUSTER_GUEST to its "
                          "path, or write 'guest: false' in the recipe");
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

// What decides about the image besides its steps.
InputKey image_settings(const BuildInputs& inputs) {
    const Recipe& recipe = *inputs.recipe;
    InputKey key;
    const DiskLayout disk = disk_of(recipe);
    key.add("disk", fmt::format("{} {} {} {} {}", disk.size_bytes, disk.grow, disk.must_grow,
                                disk.bios, disk.uefi));
    if (!disk.root.is_plain()) {
        key.add("root", fmt::format("{} {}", disk.root.filesystem, disk.root.lvm));
    }
    if (disk.uefi) {
        key.add_files("systemd-boot", find_systemd_boot());
    }
    key.add("seal", wants_seal(recipe) ? "template" : "none");
    key.add_files("busybox", find_static_busybox());
    key.add("config", to_json_text(inputs.config.schema));
    for (const ImageFile& file : inputs.config.files) {
        ovfkit::ConfigSchema one;
        one.files = {file.file};
        key.add("template of " + file.file.path,
                fmt::format("{} {} {}", file.in_image, file.keep_default, to_json_text(one)));
    }
    for (const Recipe* at = &recipe; at != nullptr; at = at->parent.get()) {
        key.add("name", at->name);
        key.add("version", at->version);
        key.add("hostname", at->hostname.value_or(""));
        key.add_list("firstboot", at->firstboot);
        key.add_list("kernel_arguments", at->kernel_arguments);
    }
    if (inputs.guest) {
        key.add_files("muster-guest", fs::canonical(inputs.guest->program));
        if (!inputs.guest->rootfs.empty()) {
            key.add_files("files of muster-guest", inputs.guest->rootfs);
        }
    }
    return key;
}

// `tree` stands for the steps.
InputKey image_key(const InputKey& settings, const std::string& tree) {
    InputKey key;
    key.add("builder", kBuilder);
    key.add("tree", tree);
    key.add_inputs(settings);
    return key;
}

// Of the packages: the recipe's word counts more than the disk's.
const std::string& release_of(const BuildInputs& inputs) {
    const std::string& release = source_of(*inputs.recipe).release;
    if (!release.empty() || !inputs.base) {
        return release;
    }
    if (inputs.base->release.empty()) {
        throw Error(
            ErrorKind::invalid_input,
            fmt::format("packages are to be installed, but nothing says of which release "
                        "the {} is",
                        inputs.base->kind),
            fmt::format("write 'source: {{ {}: …, release: bookworm }}'", inputs.base->kind));
    }
    return inputs.base->release;
}

LockFile require_lock(const fs::path& frozen, const BuildInputs& inputs) {
    LockFile lock = read_lock(frozen.string());
    if (lock.release != release_of(inputs)) {
        throw Error(ErrorKind::conflict,
                    fmt::format("lock file '{}' is of release '{}', the recipe of '{}'",
                                frozen.string(), lock.release, release_of(inputs)),
                    "make it anew: muster build RECIPE --lock");
    }
    const std::vector<std::string> differences = differing_tools(lock, inputs.tools);
    if (!differences.empty()) {
        throw Error(
            ErrorKind::conflict,
            fmt::format("lock file '{}': {}", frozen.string(), fmt::join(differences, "; ")),
            "use the versions that it was made with, or make it anew: muster build RECIPE "
            "--lock");
    }
    return lock;
}

bool installs_packages(const Recipe& recipe) {
    const auto is_install = [](const Step& step) {
        return std::holds_alternative<InstallPackages>(step.action);
    };
    return std::any_of(recipe.steps.begin(), recipe.steps.end(), is_install) ||
           (recipe.parent && installs_packages(*recipe.parent));
}

AptIndex open_index(const BuildInputs& inputs) {
    if (inputs.lock) {
        return open_locked_index(*inputs.lock);
    }
    if (inputs.base && !installs_packages(*inputs.recipe)) {
        return {};
    }
    return open_apt_index(release_of(inputs));
}

std::optional<std::int64_t> find_epoch(const BuildInputs& inputs) {
    const char* epoch = std::getenv("SOURCE_DATE_EPOCH");
    if (epoch != nullptr && !inputs.lock) {
        return std::strtoll(epoch, nullptr, 10);
    }
    return inputs.apt.folder.empty() ? std::nullopt : std::optional(inputs.apt.epoch);
}

}  // namespace

bool is_composed(const BuildInputs& inputs) {
    return inputs.executor.executor == Executor::compose && inputs.base &&
           !has_steps(*inputs.recipe) && inputs.config.empty();
}

BuildInputs gather_inputs(const fs::path& recipe, const fs::path& frozen,
                          const InputOptions& options) {
    BuildInputs inputs;
    inputs.recipe = std::make_shared<const Recipe>(load_recipe(recipe));
    inputs.executor = choose_executor(*inputs.recipe, look_at_host(), options.executor);
    inputs.config = image_config(*inputs.recipe);
    inputs.guest = require_guest(*inputs.recipe);
    inputs.tools = image_tools(inputs.guest, disk_of(*inputs.recipe).uefi);
    if (const Recipe& first = first_of(*inputs.recipe); first.base) {
        inputs.base = get_base_tree(first, {inputs.executor.executor == Executor::libguestfs ||
                                                    !first.base->key_file.empty()
                                                ? std::optional(options.guestfish)
                                                : std::nullopt,
                                            options.run_installer});
    }
    if (!frozen.empty()) {
        inputs.lock = require_lock(frozen, inputs);
    }
    inputs.apt = open_index(inputs);
    inputs.steps = plan_steps(*inputs.recipe, inputs.apt, kBuilder, inputs.base);
    inputs.epoch = find_epoch(inputs);
    const InputKey settings = image_settings(inputs);  // digests of large files: made once
    InputKey key = image_key(settings, inputs.steps.back().key);
    key.add("time of the newest file",
            inputs.epoch ? std::to_string(*inputs.epoch) : "of the tarball");
    inputs.identity = image_key(settings, timeless_key(inputs.steps)).finish();
    if (inputs.executor.executor != Executor::compose) {  // the same files in another disk
        key.add("executor", to_string(inputs.executor.executor));
    }
    key.add("evidence", kEvidenceForm);
    inputs.image = key.inputs();
    inputs.key = key.finish();
    return inputs;
}

}  // namespace imagebuilder
