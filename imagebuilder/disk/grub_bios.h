// SPDX-License-Identifier: Apache-2.0
// GRUB for BIOS without grub-install: boot.img into the MBR, core.img into the BIOS boot partition,
// both patched to find each other, as grub-bios-setup would do on a mounted disk. core.img looks
// for the file system by UUID and reads /boot/grub/grub.cfg there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "imagebuilder/recipe.h"

namespace imagebuilder {

struct GrubOptions {
    std::uint64_t core_first_sector = 0;  // of the BIOS boot partition
    std::uint64_t core_sectors = 0;       // room there
    std::string filesystem_uuid;
    std::filesystem::path work_dir;  // for core.img on its way
    RootKind root;                   // what it has to read
};

// Throws environment when grub-mkimage or the i386-pc modules are missing.
void install_grub(int fd, const std::string& image_name, const GrubOptions& options);

struct BootEntry {
    std::string title;
    std::string kernel;  // paths in the root file system
    std::string initrd;
    std::string command_line;
};
std::string make_grub_config(const BootEntry& entry);

}  // namespace imagebuilder
