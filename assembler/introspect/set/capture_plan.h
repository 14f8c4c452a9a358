// SPDX-License-Identifier: Apache-2.0
// What happens to a machine on its way into a disk of ours: the changes of its tree, what remains
// of its fstab, what it does at its first boot. Pure.
#pragma once

#include <string>
#include <vector>

#include "assembler/introspect/rebuild/assembly_folder.h"
#include "assembler/introspect/set/machine_set.h"
#include "imagebuilder/capture/capture_machine.h"

namespace assembler {

struct CapturePlan {
    imagebuilder::TreeChanges changes;
    std::string other_mounts;  // lines of fstab besides the root's
    std::vector<std::string> firstboot;
    bool uefi = false;
    bool grow = false;
    std::vector<std::string> notes;  // what the user should know
};

// Throws unsupported for what cannot be captured: another processor, an init that is not systemd,
// files on a file system that was not read.
CapturePlan plan_capture(const MachineFacts& machine, const SetMember& member,
                         const MachineOutput& output, bool keep_identity);

}  // namespace assembler
