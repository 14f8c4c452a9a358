// SPDX-License-Identifier: Apache-2.0
// `muster serve`: the daemon. Puts the runtime, the deployer and the API together; machines and
// networks are processes of their own and live on without it.
#pragma once

#include "cli/verb.h"

namespace cli {

struct ServeOptions {
    bool stop = false;  // end the one that runs
};

void add_serve(CLI::App& app, Chosen& chosen);
int run_serve(const ServeOptions& options, base::cli::Io& io);

}  // namespace cli
