// SPDX-License-Identifier: Apache-2.0
// A machine that was set up by hand, as disk images, a folder or a tar with its files, becomes one
// of ours: its tree passes by once with changes, muster-guest among them, into a fresh file system
// behind our boot loaders; its own kernel boots. The source is read in a locked-down child, never
// mounted and never changed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "imagebuilder/compose/tree_changes.h"
#include "imagebuilder/filetree/disk_tree.h"

namespace imagebuilder {

struct MachineFiles {
    std::vector<DiskFile> disks;   // in the machine's order; none: `tar`
    std::filesystem::path tar;     // of the tree; empty: `folder`
    std::uint64_t size_bytes = 0;  // of the file systems that the tar was made of
    std::string folder;
};

struct CaptureOptions {
    std::string name;  // of the machine
    MachineFiles from;
    TreeChanges changes;       // without fstab's line of the root
    std::string other_mounts;  // lines of fstab besides it
    std::vector<std::string> firstboot;
    bool uefi = false;  // boots by UEFI, too
    bool grow = false;  // follows a larger disk; the machine has the programs for it
    bool seal = true;   // take out what two machines must not share
    std::filesystem::path work_dir;
    std::filesystem::path qcow2;
    std::function<void(const std::string&)> on_step;  // must be set
};

inline constexpr int kCaptureSteps = 2;

struct CapturedDisk {
    std::string kernel;  // bytes
    std::string initrd;  // bytes
    std::string command_line;
};

// Throws unsupported for a tree that cannot boot here (no kernel, compressed modules, a root file
// system that is not ext), invalid_input when an identity would be shared.
CapturedDisk capture_machine(const CaptureOptions& options);

}  // namespace imagebuilder
