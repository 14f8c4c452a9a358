// SPDX-License-Identifier: Apache-2.0
// `muster ps`: the machines of all deployments, one line each.
#pragma once

#include <string>

#include "cli/verb.h"

namespace cli {

struct PsOptions {};

void add_ps(CLI::App& app, Chosen& chosen);
int run_ps(const PsOptions& options, base::cli::Io& io);

}  // namespace cli
