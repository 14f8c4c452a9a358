// SPDX-License-Identifier: Apache-2.0
// `muster introspect SOURCE…`: what machines are and do, out of their files, without running them.
#pragma once

#include <string>
#include <vector>

#include "cli/verb.h"

namespace cli {

struct IntrospectOptions {
    std::vector<std::string> sources;         // "PATH", "NAME=PATH"
    std::vector<std::string> plugin_folders;  // beside the one that comes with the program
    bool with_secrets = false;
    bool all = false;  // packages, services and jobs that every system has, too
};

void add_introspect(CLI::App& app, Chosen& chosen);
int run_introspect(const IntrospectOptions& options, base::cli::Io& io);

}  // namespace cli
