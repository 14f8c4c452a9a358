// SPDX-License-Identifier: Apache-2.0
// `muster console`: the terminal on a machine's serial console.
#pragma once

#include <string>

#include "cli/verb.h"

namespace cli {

struct ConsoleOptions {
    std::string deployment;
    std::string machine;
};

void add_console(CLI::App& app, Chosen& chosen);
int run_console(const ConsoleOptions& options, base::cli::Io& io);

}  // namespace cli
