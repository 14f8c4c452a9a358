// SPDX-License-Identifier: Apache-2.0
// A tiny initramfs of ours: a static busybox, the few kernel modules that reach a disk, and a
// script that loads what the machine has, mounts the root file system and hands over to its init.
// Serves direct boot and the disk's own boot loader alike.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace imagebuilder {

struct InitrdOptions {
    std::filesystem::path modules_dir;  // …/usr/lib/modules/VERSION of the image's tree
    std::filesystem::path busybox;      // static
};

// Throws environment when busybox is missing or not static, invalid_input when the tree has no
// module index.
std::string make_initrd(const InitrdOptions& options);

// The static busybox of this host; throws environment with the package to install.
std::filesystem::path find_static_busybox();

// A module and what it needs, in the order to load them, by modules.dep's text; paths relative to
// the module folder. Empty: built in, or not in this kernel.
std::vector<std::string> load_order(const std::string& modules_dep, const std::string& module);

}  // namespace imagebuilder
