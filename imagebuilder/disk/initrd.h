// SPDX-License-Identifier: Apache-2.0
// A tiny initramfs of ours: a static busybox, the few kernel modules that reach a disk, and a
// script that loads what the machine has, mounts the root file system and hands over to its init.
// Serves direct boot and the disk's own boot loader alike.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"

namespace imagebuilder {

struct InitrdOptions {
    std::filesystem::path modules_dir;  // …/usr/lib/modules/VERSION of the image's tree
    std::filesystem::path busybox;      // static
    std::string root_module = "ext4";   // of the root file system
};

// Throws environment when busybox is missing or not static, invalid_input when the tree has no
// module index.
std::string make_initrd(const InitrdOptions& options);

// The same from a module index and the modules that it names: `read` gets a path relative to the
// module folder, one of needed_modules().
std::string make_initrd(const std::string& modules_dep,
                        const std::function<std::string(const std::string& path)>& read,
                        const std::filesystem::path& busybox,
                        const std::string& root_module = "ext4");
// Throws unsupported for a compressed module.
std::vector<std::string> needed_modules(const std::string& modules_dep,
                                        const std::string& root_module = "ext4");

// What a kernel without a module index gets.
base::Error no_module_index(const std::string& place);

// The static busybox of this host; throws environment with the package to install.
std::filesystem::path find_static_busybox();

// A module and what it needs, in the order to load them, by modules.dep's text; paths relative to
// the module folder. Empty: built in, or not in this kernel.
std::vector<std::string> load_order(const std::string& modules_dep, const std::string& module);

}  // namespace imagebuilder
