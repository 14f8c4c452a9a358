// SPDX-License-Identifier: Apache-2.0
// The UEFI firmware of this host: OVMF, as Debian's package `ovmf` lays it out. The code is shared
// and read-only; every machine has a copy of the variables of its own, where boot entries are kept.
// Variables without keys: secure boot is off.
#pragma once

#include <filesystem>

namespace hvruntime {

struct EfiFirmware {
    std::filesystem::path code;
    std::filesystem::path variables;  // a template, to be copied
};

// In $MUSTER_OVMF_DIR, else /usr/share/OVMF. Throws environment with the package to install.
EfiFirmware find_efi_firmware();

}  // namespace hvruntime
