// SPDX-License-Identifier: Apache-2.0
// muster env make|show: the OVF environment that a machine reads (DSP8027), made from a package as
// a deployment would make it, or shown.
#pragma once

#include <string>
#include <vector>

#include "cli/verb.h"

namespace cli {

struct EnvOptions {
    bool make = false;
    // make
    std::string package;
    std::string machine;  // --system
    std::vector<std::string> settings;
    std::string configuration;
    std::string instance;
    std::string output;
    std::string iso;
    // show
    std::string file;
    bool secrets = false;
};

void add_env(CLI::App& app, Chosen& chosen);
int run_env(const EnvOptions& options, base::cli::Io& io);

}  // namespace cli
