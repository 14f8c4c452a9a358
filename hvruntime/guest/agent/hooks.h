// SPDX-License-Identifier: Apache-2.0
// `muster-guest hooks`: the first-boot commands of the recipe, each once, then the hooks of every
// boot. Runs when the network is up; tells the host when it is done.
#pragma once

#include <chrono>

#include "hvruntime/guest/agent/places.h"

namespace hvruntime::agent {

struct HookOptions {
    Places places;
    std::chrono::milliseconds address_limit{10'000};
};

// Runs all of them; throws partial when some failed, after reporting that under
// muster.configure.error.
void run_hooks(const HookOptions& options);

}  // namespace hvruntime::agent
