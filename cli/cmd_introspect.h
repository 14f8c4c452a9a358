// SPDX-License-Identifier: Apache-2.0
// `muster introspect SOURCE…`: what machines are and do, out of their files, without running them;
// as text, as a folder with their assembly, or compared with each other.
#pragma once

#include <string>

#include "cli/introspect_sources.h"
#include "cli/verb.h"

namespace cli {

struct IntrospectOptions {
    MachineSourceOptions from;
    bool all = false;  // packages, services and jobs that every system has, too
    std::string output;
    bool recipes = false;
    bool force = false;  // into a folder that is not empty
    bool compare = false;
    bool exit_code = false;
};

void add_introspect(CLI::App& app, Chosen& chosen);
int run_introspect(const IntrospectOptions& options, base::cli::Io& io);

}  // namespace cli
