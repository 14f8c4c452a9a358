// SPDX-License-Identifier: Apache-2.0
// `muster diff A B`: what differs between two packages in meaning, machine by machine.
#pragma once

#include <string>

#include "cli/verb.h"

namespace cli {

struct DiffOptions {
    std::string before;
    std::string after;
    bool exit_code = false;  // tell by the exit code whether they differ
};

void add_diff(CLI::App& app, Chosen& chosen);
int run_diff(const DiffOptions& options, base::cli::Io& io);

}  // namespace cli
