// SPDX-License-Identifier: Apache-2.0
// What this host is to muster: CPUs, memory, space, how guests are accelerated and networks made,
// each with its reason.
#pragma once

#include <filesystem>

#include "base/json.h"
#include "hvruntime/accel/accel.h"

namespace deployer {

base::Json describe_host(const hvruntime::AccelChoice& accel,
                         const std::filesystem::path& data_dir);

}  // namespace deployer
