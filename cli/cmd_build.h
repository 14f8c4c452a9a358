// SPDX-License-Identifier: Apache-2.0
// muster build: a recipe to a disk image, or what that would take.
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
    std::string output;    // empty: only with `plan`
    std::string executor;  // empty: the one that fits
    bool no_cache = false;
    bool plan = false;
    bool keep = false;              // as on_error "keep"
    std::string on_error;           // abort (when empty), keep or shell
    std::string progress = "auto";  // auto, plain or json
    EvidenceOptions evidence;
};

void add_build(CLI::App& app, Chosen& chosen);
int run_build(const BuildVerbOptions& options, base::cli::Io& io);

}  // namespace cli
