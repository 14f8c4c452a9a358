// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/customize/customize.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "imagebuilder/customize/mounted_root.h"
#include "imagebuilder/disk/disk_writer.h"
#include "imagebuilder/image_store.h"
#include "imagebuilder/step_clock.h"
#include "imagebuilder/tree/finish.h"
#include "imagebuilder/tree/sandbox.h"
#include "imagebuilder/tree/steps.h"
#include "imagebuilder/work_dir.h"
#include "ovfkit/convert/convert.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;

void require_mounting() {
    if (::geteuid() != 0) {
        throw Error(ErrorKind::environment, "only root may mount the file systems of an image",
                    "run it as root; recipes ('muster build') need no root");
    }
    require_namespaces();
}

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

// Its index, when this host has the archives of that release; else the image's own sources.
std::optional<AptIndex> find_index(const CustomizePlan& plan, const MountedRoot& root) {
    if (!plan.needs_packages) {
        return std::nullopt;
    }
    if (!root.has_apt) {
        throw Error(ErrorKind::unsupported,
                    fmt::format("'{}' has no apt to install packages with", root.pretty_name),
                    "install them by its own means: --run-command");
    }
    if (root.id == "debian" && !root.codename.empty()) {
        try {
            return open_apt_index(root.codename);
        } catch (const Error& error) {
            if (error.kind() != ErrorKind::environment) {
                throw;
            }
            base::log(base::LogLevel::info, "imagebuilder", "{}", error.message());
        }
    }
    return std::nullopt;
}

void apply_plan(const CustomizePlan& plan, const StepContext& context, StepClock& clock) {
    if (plan.needs_packages && context.own_sources) {
        run_script(context, "apt-get -q update", {}, "fetch the image's package index");
    }
    for (const CustomizeStep& step : plan.steps) {
        clock.begin(step.step.where + " " + describe(step.step.action));
        apply_step(context, step.folder, step.step);
    }
    if (!plan.firstboot.empty()) {
        clock.begin("first-boot commands");
        add_firstboot(context, plan.firstboot);
    }
    clock.begin("give freed blocks back");
    // Not on every file system; the image is only larger then.
    run_script(context, "command -v fstrim >/dev/null && fstrim / || :", {}, "fstrim");
}

}  // namespace

CustomizeResult customize_image(const CustomizeOptions& options) {
    const CustomizePlan plan = plan_operations(options.operations);
    if (plan.steps.empty() && plan.firstboot.empty()) {
        throw Error(ErrorKind::usage, "there is nothing to change",
                    "name an operation, such as --install nginx");
    }
    constexpr int kOtherSteps = 3;  // copy, trim, write
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
            clock.begin(step.step.where + " " + describe(step.step.action));
        }
        clock.end();
        return {options.image, "", "", base::file_size(options.image), clock.seconds()};
    }
    require_mounting();

    return base::in_context(fmt::format("customizing '{}'", options.image.string()), [&] {
        WorkDir work(options.keep_on_error);
        const fs::path raw = work.path() / "disk.raw";
        clock.begin("copy the disk");
        write_disk_as(options.image, disk->format(), raw, ovfkit::DiskForm::raw);
        base::make_dirs(work.tree());
        const MountedRoot root = find_mounted_root(raw, work.tree());
        const std::optional<AptIndex> index = find_index(plan, root);

        const StepContext context{work.tree(), index ? &*index : nullptr, options.on_output,
                                  LoopMount{raw, root.part.offset}, !index};
        apply_plan(plan, context, clock);

        clock.begin("write the image");
        const fs::path output = options.output.empty() ? options.image : options.output;
        if (form == ovfkit::DiskForm::qcow2) {
            const fs::path fresh = work.path() / "disk.qcow2";
            convert_to_qcow2(raw, fresh);
            copy_whole(fresh, output);
        } else {
            write_disk_as(raw, ovfkit::DiskFormat::raw, output, form);
        }
        clock.end();
        work.remove();
        return CustomizeResult{
            output, root.pretty_name,
            root.part.number == 0
                ? root.filesystem
                : fmt::format("{} in partition {}", root.filesystem, root.part.number),
            base::file_size(output), clock.seconds()};
    });
}

}  // namespace imagebuilder
