// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/tree/finish.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "imagebuilder/disk/grub_bios.h"
#include "imagebuilder/disk/initrd.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;

constexpr const char* kGrowScript = R"script(#!/bin/sh
# The initrd found room behind the root partition: the partition takes it, then the file system.
set -e
read -r disk number part </run/muster/grow
sfdisk --dump "$disk" |
    sed -e '/^last-lba:/d' -e "s#^\($part :.*\)size= *[0-9]*, *#\1#" |
    sfdisk --quiet --force --no-reread --no-tell-kernel "$disk"
partx --update --nr "$number" "$disk"
resize2fs "$part"
rm -f /run/muster/grow
)script";

constexpr const char* kGrowUnit = R"unit([Unit]
Description=Grow the root file system to the size of the disk
ConditionPathExists=/run/muster/grow
DefaultDependencies=no
Before=basic.target shutdown.target
Conflicts=shutdown.target

[Service]
Type=oneshot
ExecStart=/usr/lib/muster/grow-root

[Install]
WantedBy=basic.target
)unit";

constexpr const char* kFirstbootUnit = R"unit([Unit]
Description=First-boot commands of the image
ConditionPathExists=!/var/lib/muster/firstboot.done
Before=multi-user.target sshd.service ssh.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/lib/muster/firstboot
ExecStartPost=/bin/sh -c 'mkdir -p /var/lib/muster && : >/var/lib/muster/firstboot.done'

[Install]
WantedBy=multi-user.target
)unit";

const std::string& hostname_of(const Recipe& recipe, const std::string& fallback) {
    for (const Recipe* at = &recipe; at != nullptr; at = at->parent.get()) {
        if (at->hostname) {
            return *at->hostname;
        }
    }
    return fallback;
}

// The parents' first.
std::vector<std::string> gather(const Recipe& recipe, std::vector<std::string> Recipe::*list) {
    std::vector<std::string> all;
    if (recipe.parent) {
        all = gather(*recipe.parent, list);
    }
    all.insert(all.end(), (recipe.*list).begin(), (recipe.*list).end());
    return all;
}

void add_growing(SettingsFiles& settings) {
    settings.files.push_back({"/usr/lib/muster/grow-root", kGrowScript, 0755});
    settings.files.push_back({"/etc/systemd/system/muster-grow.service", kGrowUnit});
    settings.units.emplace_back("muster-grow.service");
}

bool has_grow_programs(const StepContext& context) {
    std::string script;
    for (const char* program : kGrowPrograms) {
        script += fmt::format("command -v {} >/dev/null || echo {}\n", program, program);
    }
    return run_script(context, script, {}, "look for the programs of growing").empty();
}

void install_settings(const StepContext& context, const SettingsFiles& settings) {
    for (const WriteFile& file : settings.files) {
        write_in_tree(context, file);
    }
    for (const std::string& unit : settings.units) {
        run_script(context, "systemctl --quiet enable \"$1\"", {unit}, "enable " + unit);
    }
}

fs::path find_kernel(const fs::path& tree) {
    std::vector<std::string> names;
    if (fs::is_directory(tree / "boot")) {
        for (const auto& entry : fs::directory_iterator(tree / "boot")) {
            if (entry.is_regular_file() && !entry.is_symlink()) {
                names.push_back(entry.path().filename().string());
            }
        }
    }
    return tree / "boot" / require_one_kernel(names);
}

std::string root_device(const RootKind& root, const std::string& filesystem_uuid) {
    return root.lvm ? kRootVolume : "UUID=" + filesystem_uuid;
}

// Ours cannot assemble volumes: the image's own tools make one that does.
std::string make_volume_initrd(const StepContext& context, const std::string& version) {
    run_script(context, "mkinitramfs -o \"$2\" \"$1\"", {version, kInitrdInTree},
               "make an initrd that knows LVM");
    return base::read_file(context.tree / std::string_view(kInitrdInTree).substr(1));
}

std::string make_initrd_for(const StepContext& context, const RootKind& root,
                            const std::string& version) {
    if (!root.lvm) {
        return make_initrd(
            {context.tree / "usr/lib/modules" / version, find_static_busybox(), root.filesystem});
    }
    for (const char* program : {"usr/sbin/lvm", "usr/sbin/mkinitramfs"}) {
        if (!fs::exists(fs::symlink_status(context.tree / program))) {
            throw Error(ErrorKind::invalid_input,
                        fmt::format("an image with its root in LVM needs '/{}'", program),
                        "add lvm2 and initramfs-tools to the recipe's packages");
        }
    }
    return make_volume_initrd(context, version);
}

fs::path program_folder() {
    return fs::read_symlink("/proc/self/exe").parent_path();
}

std::optional<fs::path> first_existing(const std::vector<fs::path>& candidates) {
    for (const fs::path& path : candidates) {
        if (fs::exists(path)) {
            return path;
        }
    }
    return std::nullopt;
}

}  // namespace

SettingsFiles firstboot_files(const std::string& before, const std::vector<std::string>& commands) {
    std::string script = before.empty() ? "#!/bin/sh\nset -e\n" : before;
    for (const std::string& command : commands) {
        script += command + "\n";
    }
    return {{{kFirstbootInTree, script, 0755},
             {"/etc/systemd/system/muster-firstboot.service", kFirstbootUnit}},
            {"muster-firstboot.service"}};
}

std::vector<std::string> firstboot_commands(const Recipe& recipe) {
    return gather(recipe, &Recipe::firstboot);
}

void add_firstboot(const StepContext& context, const std::vector<std::string>& commands) {
    if (commands.empty()) {
        return;
    }
    const std::string before =
        run_script(context, "cat \"$1\" 2>/dev/null || :", {kFirstbootInTree}, "read firstboot");
    install_settings(context, firstboot_files(before, commands));
}

std::optional<GuestFiles> find_guest_files() {
    const fs::path here = program_folder();
    const char* chosen = std::getenv("MUSTER_GUEST");
    const char* chosen_rootfs = std::getenv("MUSTER_GUEST_ROOTFS");
    std::vector<fs::path> programs{here / "muster-guest",
                                   here.parent_path() / "libexec/muster/muster-guest"};
    if (chosen != nullptr) {
        programs = {chosen};
    }
    std::vector<fs::path> folders{here.parent_path() / "share/muster/guest"};
    if (chosen_rootfs != nullptr) {
        folders = {chosen_rootfs};
    }
    const auto program = first_existing(programs);
    if (!program) {
        return std::nullopt;
    }
    return GuestFiles{*program, first_existing(folders).value_or("")};
}

void install_guest(const StepContext& context, const GuestFiles& guest) {
    const auto copy = [&](const fs::path& from, const std::string& to,
                          std::optional<unsigned> permissions) {
        CopyFiles files{from.filename().string(), to, "root:root", permissions};
        apply_step(context, from.parent_path(), {files, "muster-guest"});
    };
    copy(fs::canonical(guest.program), "/usr/sbin/muster-guest", 0755);
    if (guest.rootfs.empty()) {
        return;
    }
    copy(fs::canonical(guest.rootfs), "/", std::nullopt);
    // Units that come with it are enabled as their [Install] sections say.
    std::string units;
    for (const auto& entry : fs::recursive_directory_iterator(guest.rootfs)) {
        const std::string unit = entry.path().filename().string();
        if (entry.is_regular_file() && entry.path().parent_path().filename() == "system" &&
            base::read_file(entry.path()).find("[Install]") != std::string::npos) {
            units += " " + base::shell_quote(unit);
        }
    }
    if (!units.empty()) {
        run_script(context, "systemctl --quiet enable" + units, {}, "enable muster-guest");
    }
}

SettingsFiles settings_of(const Recipe& recipe, const std::string& filesystem_uuid, bool grow) {
    SettingsFiles settings;
    settings.files = {{"/etc/hostname", hostname_of(recipe, recipe.name) + "\n"},
                      {"/etc/hosts", "127.0.0.1\tlocalhost\n::1\tlocalhost\n"},
                      {"/etc/fstab", fmt::format("{} / {} noatime 0 0\n",
                                                 root_device(disk_of(recipe).root, filesystem_uuid),
                                                 disk_of(recipe).root.filesystem)}};
    if (grow) {
        add_growing(settings);
    }
    return settings;
}

bool can_grow(const Recipe& recipe, bool has_programs) {
    const DiskLayout disk = disk_of(recipe);
    if (disk.must_grow && !has_programs) {
        throw Error(ErrorKind::invalid_input,
                    "the packages fdisk and e2fsprogs are needed for 'disk: { grow: true }'",
                    "add them to the image, or leave 'grow' out");
    }
    if (disk.grow && !has_programs) {
        base::log(base::LogLevel::warn, "imagebuilder",
                  "the image will not grow with its disk: it has no sfdisk and resize2fs");
    }
    return disk.grow && has_programs;
}

std::string kernel_command_line(const Recipe& recipe, const std::string& filesystem_uuid) {
    const RootKind root = disk_of(recipe).root;
    std::string line = fmt::format("root={} rw rootflags=noatime console=ttyS0",
                                   root_device(root, filesystem_uuid));
    if (root.filesystem != "ext4") {
        line += " rootfstype=" + root.filesystem;
    }
    for (const std::string& argument : gather(recipe, &Recipe::kernel_arguments)) {
        line += " " + argument;
    }
    return line;
}

std::string require_one_kernel(const std::vector<std::string>& names) {
    std::vector<std::string> kernels;
    for (const std::string& name : names) {
        if (name.starts_with(kKernelPrefix)) {
            kernels.push_back(name);
        }
    }
    if (kernels.size() != 1) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("the image has {} kernels in /boot instead of one", kernels.size()),
                    "the recipe's packages must name one, such as linux-image-cloud-amd64");
    }
    return kernels.front();
}

void apply_settings(const StepContext& context, const Recipe& recipe,
                    const std::string& filesystem_uuid) {
    const DiskLayout disk = disk_of(recipe);
    const bool grow =
        disk.grow && disk.root.is_plain() && can_grow(recipe, has_grow_programs(context));
    install_settings(context, settings_of(recipe, filesystem_uuid, grow));
    add_firstboot(context, firstboot_commands(recipe));
}

BootFiles install_boot_files(const StepContext& context, const Recipe& recipe,
                             const std::string& filesystem_uuid) {
    BootFiles boot;
    boot.kernel = find_kernel(context.tree);
    boot.kernel_version = boot.kernel.filename().string().substr(kKernelPrefix.size());
    boot.command_line = kernel_command_line(recipe, filesystem_uuid);
    boot.initrd = make_initrd_for(context, disk_of(recipe).root, boot.kernel_version);
    write_in_tree(context, {kInitrdInTree, boot.initrd, 0600});
    write_in_tree(context, {kGrubConfigInTree,
                            make_grub_config({recipe.name, "/boot/vmlinuz-" + boot.kernel_version,
                                              kInitrdInTree, boot.command_line})});
    return boot;
}

}  // namespace imagebuilder
