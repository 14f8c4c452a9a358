// SPDX-License-Identifier: Apache-2.0
// `muster status`: one deployment in detail, or this host.
#pragma once

#include <string>

#include "cli/verb.h"

namespace cli {

struct StatusOptions {
    std::string deployment;
    bool host = false;
};

void add_status(CLI::App& app, Chosen& chosen);
int run_status(const StatusOptions& options, base::cli::Io& io);

}  // namespace cli
