// SPDX-License-Identifier: Apache-2.0
// `muster switch SPEC.json`: the process of one network (hvruntime/net/). Hidden: the daemon starts
// it.
#pragma once

#include <string>

#include "cli/verb.h"

namespace cli {

struct SwitchOptions {
    std::string spec_path;
};

void add_switch(CLI::App& app, Chosen& chosen);
int run_switch(const SwitchOptions& options, base::cli::Io& io);

}  // namespace cli
