// SPDX-License-Identifier: Apache-2.0
// By libguestfs: for file systems, volumes and users that mounting does not do.
#include <fmt/format.h>

#include "base/error.h"
#include "imagebuilder/customize/customize_ways.h"
#include "imagebuilder/customize/guest_packages.h"
#include "imagebuilder/customize/guest_steps.h"
#include "imagebuilder/customize/registry/merge_registry.h"
#include "imagebuilder/guestfs/open_guest.h"
#include "imagebuilder/source/base_tree.h"

namespace imagebuilder {

namespace {

using base::Error;
using base::ErrorKind;

void require_linux(const GuestSystem& system) {
    if (system.type != "linux") {
        throw Error(ErrorKind::unsupported,
                    fmt::format("'{}' is no Linux: commands do not run in it",
                                system.product_name.empty() ? system.type : system.product_name));
    }
    if (system.architecture != "x86_64" && system.architecture != "i386") {
        throw Error(ErrorKind::unsupported,
                    fmt::format("programs for '{}' do not run here", system.architecture),
                    "customize it on a host of that kind");
    }
}

std::vector<std::string> find_programs(GuestfishSession& session) {
    std::vector<std::string> found;
    for (const std::string_view program : package_programs()) {
        for (const char* folder : {"/usr/bin/", "/bin/", "/sbin/"}) {
            const auto answer =
                session.find({"is-file", folder + std::string(program), "followsymlinks:true"});
            if (answer && answer->starts_with("true")) {
                found.emplace_back(program);
                break;
            }
        }
    }
    return found;
}

struct GuestPackages {
    PackageManager manager = PackageManager::apt;
    std::optional<AptIndex> index;
};

std::optional<GuestPackages> look_for_packages(const CustomizeWork& work, GuestfishSession& session,
                                               GuestSteps& steps, const GuestSystem& system) {
    if (!work.plan.needs_packages) {
        return std::nullopt;
    }
    const std::string release = read_guest_os_release(session);
    GuestPackages packages;
    packages.manager = require_manager(choose_package_manager(release, find_programs(session)),
                                       system.product_name);
    const OsRelease os = parse_os_release(release);
    packages.index = find_index(work.plan, packages.manager, os.id, os.code_name);
    const std::string refresh = refresh_script(packages.manager);
    if (work.plan.fetches_packages && !packages.index && !refresh.empty()) {
        steps.run({{"sh", "-e", "-c", refresh}, ""}, "fetch the image's package index");
    }
    return packages;
}

void apply_plan(const CustomizeWork& work, GuestfishSession& session, const GuestSystem& system) {
    GuestSteps steps(session, work.folder, work.options.on_output);
    const auto packages = look_for_packages(work, session, steps, system);
    for (const CustomizeStep& step : work.plan.steps) {
        work.clock.begin(describe(step));
        if (step.packages && packages->index &&
            step.packages->verb != PackageChange::Verb::remove) {
            change_guest_packages(session, steps, *packages->index, work.folder, *step.packages,
                                  step.step.where);
        } else {
            steps.apply(step.folder, step.packages
                                         ? resolve_packages(step, packages->manager, false)
                                         : step.step);
        }
    }
    if (!work.plan.firstboot.empty()) {
        work.clock.begin("first-boot commands");
        steps.enable_firstboot(work.plan.firstboot);
    }
    work.clock.begin("give freed blocks back");
    steps.finish();
}

}  // namespace

CustomizedSystem customize_by_guestfish(const CustomizeWork& work) {
    GuestfishSession session(work.options.guestfish);
    const GuestSystem system =
        open_guest(session, {.drives = {{work.raw}},
                             .keys = work.options.keys,
                             .read_only = false,
                             .network = work.options.network || work.plan.fetches_packages});
    if (work.plan.registry.empty()) {
        require_linux(system);
        apply_plan(work, session, system);
    } else {
        work.clock.begin("--registry-merge");
        merge_registry(session, system, work.plan.registry);
    }
    session.close();
    return {system.product_name, fmt::format("{} in {}{}", system.filesystem, system.root,
                                             system.encrypted.empty() ? "" : ", encrypted")};
}

}  // namespace imagebuilder
