// SPDX-License-Identifier: Apache-2.0
// One request to a switch's control socket and its answer. A connection per call; thread-safe.
#pragma once

#include <chrono>
#include <string>

#include "base/json.h"

namespace hvruntime {

// Returns the answer's "result". Throws what the switch reports, with its kind and hint; not_found
// when nobody listens at the path; timeout; interrupted.
base::Json call_switch(const std::string& control_socket, base::Json request,
                       std::chrono::milliseconds timeout);

}  // namespace hvruntime
