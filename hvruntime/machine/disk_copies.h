// SPDX-License-Identifier: Apache-2.0
// Copies of a running machine's disks as they are at one moment, made by its QEMU while the guest
// goes on: a backup job for each disk, all begun by one transaction. A copy is a thin clone as the
// disk is: it holds what the machine has written and reads through to the same base. What is left
// of a begun copy is found in QEMU by its names, whoever began it. The caller owns the files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "hvruntime/machine/machine_paths.h"
#include "hvruntime/machine/machine_spec.h"
#include "hvruntime/qmp/qmp_client.h"

namespace hvruntime {

struct DiskCopy {
    std::string disk;            // its id, which is the name of its node in QEMU
    std::filesystem::path base;  // the raw file below it; empty: none
    std::filesystem::path file;  // the copy
};

struct DiskCopyProgress {
    std::uint64_t done_bytes = 0;
    std::uint64_t total_bytes = 0;
    bool ended = true;  // also when there are no copies
    std::string error;  // of the first that failed, as QEMU says it
};

// Makes the files of the copies, <disk id>.qcow2 in `folder`, with room for all that the disks
// hold: a copy that ran out of room would make writes of the guest fail. Throws an environment
// error when there is too little, conflict for a file that is there.
std::vector<DiskCopy> make_copy_files(const MachineSpec& spec, const MachinePaths& paths,
                                      const std::filesystem::path& folder);

// The moment of the copies is when this returns. Throws external when QEMU refuses: nothing runs
// then, but nodes may be left for end_disk_copies().
void begin_disk_copies(QmpClient& qmp, const std::vector<DiskCopy>& copies);
DiskCopyProgress query_disk_copies(QmpClient& qmp);
// Cancels what still runs, and QEMU lets go of the files. Fine when there is nothing.
void end_disk_copies(QmpClient& qmp);

}  // namespace hvruntime
