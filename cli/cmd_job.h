// SPDX-License-Identifier: Apache-2.0
// `muster job show|follow|abort|abandon ID`: one job of the daemon.
#pragma once

#include <cstdint>

#include "cli/verb.h"

namespace cli {

struct JobOptions {
    std::uint64_t id = 0;
    bool no_wait = false;  // abort only
};

void add_job(CLI::App& app, Chosen& chosen);
int run_job_show(const JobOptions& options, base::cli::Io& io);
int run_job_follow(const JobOptions& options, base::cli::Io& io);
int run_job_abort(const JobOptions& options, base::cli::Io& io);
int run_job_abandon(const JobOptions& options, base::cli::Io& io);

}  // namespace cli
