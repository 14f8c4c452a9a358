// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/machine/efi_firmware.h"

#include <cstdlib>

#include <fmt/format.h>

#include "base/error.h"

namespace hvruntime {

namespace fs = std::filesystem;

EfiFirmware find_efi_firmware() {
    const char* chosen = std::getenv("MUSTER_OVMF_DIR");
    const fs::path folder = chosen != nullptr ? chosen : "/usr/share/OVMF";
    // Variables fit only the code of the same size of flash.
    EfiFirmware firmware{folder / "OVMF_CODE_4M.fd", folder / "OVMF_VARS_4M.fd"};
    for (const fs::path& file : {firmware.code, firmware.variables}) {
        if (!fs::is_regular_file(file)) {
            throw base::Error(
                base::ErrorKind::environment,
                fmt::format("the UEFI firmware for machines is missing: there is no '{}'",
                            file.string()),
                "install it: apt-get install ovmf");
        }
    }
    return firmware;
}

}  // namespace hvruntime
