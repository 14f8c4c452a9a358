// SPDX-License-Identifier: Apache-2.0
// The QEMU command line of a machine: a pure function with golden tests. Formats are always
// explicit (`-blockdev`), nothing is probed, names with commas are escaped.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hvruntime/accel/accel.h"
#include "hvruntime/machine/machine_paths.h"
#include "hvruntime/machine/machine_spec.h"

namespace hvruntime {

// Without argv[0]. `efi_code` is the firmware of a machine that boots by UEFI; others need none.
std::vector<std::string> qemu_args(const MachineSpec& spec, const MachinePaths& paths, Accel accel,
                                   const std::filesystem::path& efi_code = {});

// "guest=ID,process=muster-ID": the argument after -name, by which a QEMU of ours is recognised.
std::string qemu_name_argument(const std::string& id);

// The arguments of the control socket and of the serial console. The latter names the data folder,
// so both together tell whose QEMU a running one is.
std::string qemu_control_argument(const MachinePaths& paths);
std::string qemu_console_argument(const MachinePaths& paths);

// What the guest sees as its system UUID: the same for every start of the machine.
std::string make_machine_uuid(const std::string& id);

}  // namespace hvruntime
