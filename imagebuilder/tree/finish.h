// SPDX-License-Identifier: Apache-2.0
// What every image gets after its recipe's steps: muster-guest, host name, first-boot commands, the
// growing of the root file system, kernel, initrd and boot loader configuration, and the seal.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

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

void install_guest(const StepContext& context, const GuestFiles& guest);
// A unit that runs these shell commands when a machine boots for the first time; they come after
// those that are in the tree already.
void add_firstboot(const StepContext& context, const std::vector<std::string>& commands);
// Host name, fstab, first-boot unit, growing unit.
void apply_settings(const StepContext& context, const Recipe& recipe,
                    const std::string& filesystem_uuid);
// Finds the one kernel in the tree, makes the initrd, puts it and grub.cfg into the tree.
BootFiles install_boot_files(const StepContext& context, const Recipe& recipe,
                             const std::string& filesystem_uuid);

}  // namespace imagebuilder
