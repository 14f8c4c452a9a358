// SPDX-License-Identifier: Apache-2.0
// `muster down`: ends a deployment and removes everything it consists of.
#pragma once

#include <string>

#include "cli/verb.h"

namespace cli {

struct DownOptions {
    std::string deployment;
};

void add_down(CLI::App& app, Chosen& chosen);
int run_down(const DownOptions& options, base::cli::Io& io);

}  // namespace cli
