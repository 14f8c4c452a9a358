// SPDX-License-Identifier: Apache-2.0
// By mounting: for root, in namespaces, a file system that this kernel knows.
#include <fmt/format.h>

#include "base/error.h"
#include "base/log.h"
#include "imagebuilder/customize/customize_ways.h"
#include "imagebuilder/tree/finish.h"
#include "imagebuilder/tree/sandbox.h"
#include "imagebuilder/tree/steps.h"

namespace imagebuilder {

namespace {

using base::Error;
using base::ErrorKind;

void apply_plan(const CustomizeWork& work, const StepContext& context,
                std::optional<PackageManager> manager) {
    const CustomizePlan& plan = work.plan;
    if (plan.fetches_packages && context.own_sources) {
        const std::string refresh = refresh_script(*manager);
        if (!refresh.empty()) {
            run_script(context, refresh, {}, "fetch the image's package index");
        }
    }
    for (const CustomizeStep& step : plan.steps) {
        work.clock.begin(describe(step));
        apply_step(
            context, step.folder,
            step.packages ? resolve_packages(step, *manager, !context.own_sources) : step.step);
    }
    if (!plan.firstboot.empty()) {
        work.clock.begin("first-boot commands");
        add_firstboot(context, plan.firstboot);
    }
    work.clock.begin("give freed blocks back");
    // Not on every file system; the image is only larger then.
    run_script(context, "command -v fstrim >/dev/null && fstrim / || :", {}, "fstrim");
}

}  // namespace

std::optional<AptIndex> find_index(const CustomizePlan& plan, PackageManager manager,
                                   const std::string& id, const std::string& codename) {
    if (!plan.fetches_packages || manager != PackageManager::apt || id != "debian" ||
        codename.empty()) {
        return std::nullopt;
    }
    try {
        return open_apt_index(codename);
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::environment) {
            throw;
        }
        base::log(base::LogLevel::info, "imagebuilder", "{}", error.message());
    }
    return std::nullopt;
}

PackageManager require_manager(const std::optional<PackageManager>& manager,
                               const std::string& system) {
    if (!manager) {
        throw Error(ErrorKind::unsupported,
                    fmt::format("'{}' has no package manager that is known here", system),
                    "apt, dnf, yum, zypper, apk and pacman are; install by its own means: "
                    "--run-command");
    }
    return *manager;
}

CustomizedSystem customize_mounted(const CustomizeWork& work, const RootSearch& search) {
    const MountedRoot& root = *search.root;
    if (!search.others.empty()) {
        base::log(
            base::LogLevel::warn, "imagebuilder",
            "the image mounts {} from elsewhere: what is in there is not seen; with guestfish "
            "installed it is",
            fmt::join(search.others, ", "));
    }
    std::optional<PackageManager> manager;
    std::optional<AptIndex> index;
    if (work.plan.needs_packages) {
        manager = require_manager(root.packages, root.pretty_name);
        index = find_index(work.plan, *manager, root.id, root.codename);
    }
    const StepContext context{work.tree, index ? &*index : nullptr, work.options.on_output,
                              LoopMount{work.raw, root.part.offset}, !index};
    apply_plan(work, context, manager);
    return {root.pretty_name,
            root.part.number == 0
                ? root.filesystem
                : fmt::format("{} in partition {}", root.filesystem, root.part.number)};
}

}  // namespace imagebuilder
