// SPDX-License-Identifier: Apache-2.0
// The half of `muster pack` that takes a package in a folder instead of an assembly.
#pragma once

#include "cli/cmd_pack.h"

namespace cli {

// An .ovf file, or a folder with one and without an assembly.yaml.
bool is_folder_package(const std::string& location);
int run_pack_folder(const PackVerbOptions& options, base::cli::Io& io);

}  // namespace cli
