// SPDX-License-Identifier: Apache-2.0
// `muster jobs`: what the daemon is doing and has done.
#pragma once

#include "cli/verb.h"

namespace cli {

struct JobsOptions {
    bool all = false;  // else the unfinished ones and the last 20
};

void add_jobs(CLI::App& app, Chosen& chosen);
int run_jobs(const JobsOptions& options, base::cli::Io& io);

}  // namespace cli
