// SPDX-License-Identifier: Apache-2.0
// `muster-guest daemon`: keeps the channel to the host open and serves the other verbs over
// /run/muster-guest/sock (root only). One thread, one event loop. Ends on SIGTERM or SIGINT.
#pragma once

#include <filesystem>

#include "hvruntime/guest/agent/places.h"

namespace hvruntime::agent {

struct DaemonOptions {
    Places places;
    std::filesystem::path port;  // empty: the virtio-serial port of the name
};

void run_daemon(const DaemonOptions& options);

}  // namespace hvruntime::agent
