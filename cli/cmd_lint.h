// SPDX-License-Identifier: Apache-2.0
// `muster lint FILE`: what is wrong with a package for those it is meant for, and how to mend it.
#pragma once

#include <string>
#include <vector>

#include "cli/verb.h"

namespace cli {

struct LintOptions {
    std::string location;
    std::vector<std::string> targets;  // names, "all"; empty: muster
    bool strict = false;               // warnings count as errors
    bool sarif = false;
    bool rules = false;  // list the rules, look at nothing
    bool markdown = false;
};

void add_lint(CLI::App& app, Chosen& chosen);
int run_lint(const LintOptions& options, base::cli::Io& io);

}  // namespace cli
