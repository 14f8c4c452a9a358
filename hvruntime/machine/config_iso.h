// SPDX-License-Identifier: Apache-2.0
// Writes the configuration CD-ROM of a machine: ISO 9660 with Rock Ridge and Joliet names. The only
// user of libisofs.
#pragma once

#include <filesystem>

#include "hvruntime/machine/machine_spec.h"

namespace hvruntime {

// The file appears whole or not at all, mode 0600. Thread-safe (libisofs is used by one at a time).
void write_config_iso(const std::filesystem::path& path, const ConfigIso& iso);

}  // namespace hvruntime
