// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/customize/customize.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/process.h"
#include "imagebuilder/customize/customize_ways.h"
#include "imagebuilder/customize/registry/merge_registry.h"
#include "imagebuilder/disk/disk_writer.h"
#include "imagebuilder/image_store.h"
#include "imagebuilder/step_clock.h"
#include "imagebuilder/tree/sandbox.h"
#include "imagebuilder/work_dir.h"
#include "ovfkit/convert/convert.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;

// The format of an image that is replaced stays; a new one's name decides.
ovfkit::DiskForm output_form(const CustomizeOptions& options, ovfkit::DiskFormat format) {
    if (!options.output.empty()) {
        return form_of_image(options.output);
    }
    switch (format) {
        case ovfkit::DiskFormat::raw: return ovfkit::DiskForm::raw;
        case ovfkit::DiskFormat::qcow2: return ovfkit::DiskForm::qcow2;
        case ovfkit::DiskFormat::vmdk: return ovfkit::DiskForm::vmdk;
        default:
            throw Error(
                ErrorKind::unsupported,
                fmt::format("a '{}' image is read, but not written", ovfkit::to_string(format)),
                "name another one: -o FILE.qcow2");
    }
}

// A new file would lose them.
void refuse_snapshots(const fs::path& qcow2) {
    constexpr std::size_t kSnapshotsAt = 60;  // of the header: 4 bytes, big-endian
    const base::UniqueFd fd = base::open_regular(qcow2.string());
    std::array<unsigned char, 4> count{};
    if (::pread(fd.get(), count.data(), count.size(), kSnapshotsAt) ==
            static_cast<ssize_t>(count.size()) &&
        std::any_of(count.begin(), count.end(), [](unsigned char byte) { return byte != 0; })) {
        throw Error(ErrorKind::unsupported,
                    fmt::format("'{}' has internal snapshots, which would be lost", qcow2.string()),
                    "write to another file: -o FILE.qcow2, or delete them: qemu-img snapshot -d");
    }
}

CustomizeHost look_at_customize_host() {
    CustomizeHost host{.may_mount = ::geteuid() == 0,
                       .has_guestfish = base::find_program("guestfish").has_value()};
    if (host.may_mount) {
        try {
            require_namespaces();
        } catch (const Error& error) {
            base::log(base::LogLevel::info, "imagebuilder", "{}", error.message());
            host.may_mount = false;
        }
    }
    return host;
}

void write_image(const CustomizeWork& work, const fs::path& output, ovfkit::DiskForm form) {
    if (form == ovfkit::DiskForm::qcow2) {
        const fs::path fresh = work.folder / "disk.qcow2";
        convert_to_qcow2(work.raw, fresh);
        copy_whole(fresh, output);
    } else {
        write_disk_as(work.raw, ovfkit::DiskFormat::raw, output, form);
    }
}

}  // namespace

CustomizeWays possible_ways(const CustomizeOptions& options, const CustomizePlan& plan,
                            const CustomizeHost& host) {
    if (options.executor == Executor::compose) {
        throw Error(ErrorKind::usage, "the executor compose makes images, it does not change them",
                    "mount or libguestfs");
    }
    const bool only_mount = options.executor == Executor::mount;
    const bool needs_libguestfs = !options.keys.empty() || !plan.registry.empty();
    if (only_mount && needs_libguestfs) {
        throw Error(ErrorKind::unsupported,
                    "the executor mount opens no encrypted volumes and no registry",
                    "leave --executor out, or --executor=libguestfs");
    }
    const bool only_libguestfs = options.executor == Executor::libguestfs || needs_libguestfs;
    const CustomizeWays ways{.mount = host.may_mount && !only_libguestfs,
                             .libguestfs = host.has_guestfish && !only_mount};
    if (!ways.mount && !ways.libguestfs) {
        throw Error(ErrorKind::environment,
                    only_libguestfs ? "the executor libguestfs needs the program guestfish"
                                    : "only root may mount the file systems of an image, where "
                                      "namespaces are allowed",
                    only_mount ? "run it as root; recipes ('muster build') need no root"
                               : "apt-get install guestfish libguestfs-xfs linux-image-amd64: that "
                                 "way needs no root");
    }
    return ways;
}

Executor choose_way(const CustomizeWays& ways, const std::optional<RootSearch>& search) {
    if (!search) {
        return Executor::libguestfs;
    }
    if (search->root && (search->others.empty() || !ways.libguestfs)) {
        return Executor::mount;
    }
    if (!ways.libguestfs || search->seen.empty()) {
        throw Error(ErrorKind::unsupported,
                    fmt::format("no Linux system that can be mounted here is in the image ({})",
                                search->seen.empty() ? "no file system at all"
                                                     : "there is " + search->seen),
                    search->seen.empty()
                        ? ""
                        : "libguestfs may do it: apt-get install guestfish, --executor=libguestfs");
    }
    return Executor::libguestfs;
}

CustomizeResult customize_image(const CustomizeOptions& options) {
    const CustomizePlan plan = plan_operations(options.operations);
    if (plan.steps.empty() && plan.firstboot.empty() && plan.registry.empty()) {
        throw Error(ErrorKind::usage, "there is nothing to change",
                    "name an operation, such as --install nginx");
    }
    constexpr int kOtherSteps = 4;  // copy, find, trim, write
    StepClock clock(
        static_cast<int>(plan.steps.size()) + (plan.firstboot.empty() ? 0 : 1) + kOtherSteps,
        options.on_progress, {});
    const auto disk = ovfkit::open_disk(options.image.string());
    const ovfkit::DiskForm form = output_form(options, disk->format());
    if (options.output.empty() && disk->format() == ovfkit::DiskFormat::qcow2) {
        refuse_snapshots(options.image);
    }
    if (options.dry_run) {
        for (const CustomizeStep& step : plan.steps) {
            clock.begin(describe(step));
        }
        for (const std::string& hive : hives_of(plan.registry)) {
            clock.begin("--registry-merge into " + hive);
        }
        clock.end();
        return {options.image, "", "", "", base::file_size(options.image), clock.seconds()};
    }
    const CustomizeWays ways = possible_ways(options, plan, look_at_customize_host());

    return base::in_context(fmt::format("customizing '{}'", options.image.string()), [&] {
        WorkDir folder(options.keep_on_error);
        const CustomizeWork work{options,       plan, folder.path(), folder.path() / "disk.raw",
                                 folder.tree(), clock};
        clock.begin("copy the disk");
        write_disk_as(options.image, disk->format(), work.raw, ovfkit::DiskForm::raw);
        base::make_dirs(work.tree);
        clock.begin("find the system");
        std::optional<RootSearch> search;
        if (ways.mount) {
            search = find_mounted_root(work.raw, work.tree);
        }
        const Executor way = choose_way(ways, search);
        const CustomizedSystem changed = way == Executor::mount ? customize_mounted(work, *search)
                                                                : customize_by_guestfish(work);
        clock.begin("write the image");
        const fs::path output = options.output.empty() ? options.image : options.output;
        write_image(work, output, form);
        clock.end();
        folder.remove();
        return CustomizeResult{output,
                               changed.system,
                               changed.filesystem,
                               std::string(to_string(way)),
                               base::file_size(output),
                               clock.seconds()};
    });
}

}  // namespace imagebuilder
