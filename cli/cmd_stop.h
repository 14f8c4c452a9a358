// SPDX-License-Identifier: Apache-2.0
// `muster stop`: the guests shut down; disks, addresses and names stay.
#pragma once

#include <string>

#include "cli/verb.h"

namespace cli {

struct StopOptions {
    std::string deployment;
};

void add_stop(CLI::App& app, Chosen& chosen);
int run_stop(const StopOptions& options, base::cli::Io& io);

}  // namespace cli
