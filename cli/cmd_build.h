// SPDX-License-Identifier: Apache-2.0
// muster build: a recipe to a disk image.
#pragma once

#include <string>

#include "base/cli/io.h"
#include "cli/build_evidence.h"

namespace CLI {
class App;
}

namespace cli {

struct Chosen;

struct BuildVerbOptions {
    std::string recipe;
    std::string output;
    bool no_cache = false;
    bool keep = false;
    EvidenceOptions evidence;
};

void add_build(CLI::App& app, Chosen& chosen);
int run_build(const BuildVerbOptions& options, base::cli::Io& io);

}  // namespace cli
