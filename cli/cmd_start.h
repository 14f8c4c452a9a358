// SPDX-License-Identifier: Apache-2.0
// `muster start`: a stopped deployment comes back, on the same disks, addresses and ports.
#pragma once

#include <string>

#include "cli/verb.h"

namespace cli {

struct StartOptions {
    std::string deployment;
};

void add_start(CLI::App& app, Chosen& chosen);
int run_start(const StartOptions& options, base::cli::Io& io);

}  // namespace cli
