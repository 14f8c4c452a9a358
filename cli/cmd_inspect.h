// SPDX-License-Identifier: Apache-2.0
// `muster inspect FILE|-|URL`: what an OVA or a bare descriptor holds, without unpacking it.
#pragma once

#include <string>

#include "cli/verb.h"

namespace cli {

struct InspectOptions {
    std::string location;
    std::string configuration;  // empty: the default one
    std::string language;       // empty: the descriptor's own
    std::string hardware;       // type or id of a hardware section; empty: chosen_hardware()
};

void add_inspect(CLI::App& app, Chosen& chosen);
int run_inspect(const InspectOptions& options, base::cli::Io& io);

}  // namespace cli
