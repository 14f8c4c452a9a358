// SPDX-License-Identifier: Apache-2.0
// What every image gets after its recipe's steps: muster-guest, host name, first-boot commands, the
// growing of the root file system, kernel, initrd and boot loader configuration, and the seal.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "imagebuilder/recipe.h"
#include "imagebuilder/tree/steps.h"

namespace imagebuilder {

// muster-guest and the files that go into the image with it (units, links), as laid out from /.
struct GuestFiles {
    std::filesystem::path program;
    std::filesystem::path rootfs;  // empty: none
};

// $MUSTER_GUEST and $MUSTER_GUEST_ROOTFS, else beside the running program: in its folder, in
// ../libexec/muster and ../share/muster/guest. nullopt when there is no program.
std::optional<GuestFiles> find_guest_files();

struct BootFiles {
    std::filesystem::path kernel;  // in the tree, as a path of the host
    std::string kernel_version;
    std::string initrd;  // bytes
    std::string command_line;
};

// Files, and the units of them to enable.
struct SettingsFiles {
    std::vector<WriteFile> files;
    std::vector<std::string> units;
};
// Host name, fstab, and what growing takes. Pure.
SettingsFiles settings_of(const Recipe& recipe, const std::string& filesystem_uuid, bool grow);
// Shell commands for the first boot of a machine, after those of the script `before`, and their
// unit. Pure.
inline constexpr const char* kFirstbootInTree = "/usr/lib/muster/firstboot";
SettingsFiles firstboot_files(const std::string& before, const std::vector<std::string>& commands);
std::vector<std::string> firstboot_commands(const Recipe& recipe);

// Programs that growing runs in the machine.
inline constexpr std::array<const char*, 2> kGrowPrograms{"sfdisk", "resize2fs"};
// Whether the image is to grow. Throws invalid_input when it must and cannot.
bool can_grow(const Recipe& recipe, bool has_programs);

std::string kernel_command_line(const Recipe& recipe, const std::string& filesystem_uuid);
inline constexpr const char* kInitrdInTree = "/boot/initrd.img-muster";
inline constexpr const char* kGrubConfigInTree = "/boot/grub/grub.cfg";
inline constexpr std::string_view kKernelPrefix = "vmlinuz-";
// The one kernel of a tree, out of the names in /boot; throws invalid_input for none or several.
std::string require_one_kernel(const std::vector<std::string>& names);

void install_guest(const StepContext& context, const GuestFiles& guest);
// A unit that runs these shell commands when a machine boots for the first time; they come after
// those that are in the tree already.
void add_firstboot(const StepContext& context, const std::vector<std::string>& commands);
void apply_settings(const StepContext& context, const Recipe& recipe,
                    const std::string& filesystem_uuid);
// Finds the one kernel in the tree, makes the initrd, puts it and grub.cfg into the tree.
BootFiles install_boot_files(const StepContext& context, const Recipe& recipe,
                             const std::string& filesystem_uuid);

}  // namespace imagebuilder
