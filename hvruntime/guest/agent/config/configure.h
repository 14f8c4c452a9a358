// SPDX-License-Identifier: Apache-2.0
// `muster-guest configure`: makes the machine what its environment CD says, at every boot. What is
// done once in an instance's life (password, keys) is done again when the instance id changes.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>

#include "hvruntime/guest/agent/places.h"

namespace hvruntime::agent {

struct ConfigureOptions {
    Places places;
    std::optional<std::filesystem::path> image;  // instead of looking for a drive
    std::chrono::milliseconds limit{5000};
};

// Does all it can; throws partial when some of it failed, after reporting that under
// muster.configure.error.
void run_configure(const ConfigureOptions& options);

}  // namespace hvruntime::agent
