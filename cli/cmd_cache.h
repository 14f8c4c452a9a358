// SPDX-License-Identifier: Apache-2.0
// muster cache: what builds keep, and removing what nobody used for long.
#pragma once

#include <string>

#include "base/cli/io.h"

namespace CLI {
class App;
}

namespace cli {

struct Chosen;

struct CachePruneOptions {
    std::string older_than;  // "30d"; empty: see run_cache_prune
    std::string max_size;    // "10GiB"
    bool all = false;
    bool dry_run = false;
};

void add_cache(CLI::App& app, Chosen& chosen);
int run_cache_ls(base::cli::Io& io);
// Without any option: what was not used for 30 days.
int run_cache_prune(const CachePruneOptions& options, base::cli::Io& io);

}  // namespace cli
