// SPDX-License-Identifier: Apache-2.0
// `muster capture SOURCE… -o FILE.ova`: machines that were set up by hand, as one signed package.
#pragma once

#include <string>

#include "cli/introspect_sources.h"
#include "cli/signing_options.h"
#include "cli/verb.h"

namespace cli {

struct CaptureVerbOptions {
    MachineSourceOptions from;
    std::string output;
    std::string assembly;  // of introspect -o, edited; empty: made from what is found
    std::string name;      // empty: what the output is called
    std::string version = "1.0.0";
    bool keep_identity = false;
    SigningOptions signing;
    base::DigestAlgorithm digest = base::DigestAlgorithm::sha256;
};

void add_capture(CLI::App& app, Chosen& chosen);
int run_capture(const CaptureVerbOptions& options, base::cli::Io& io);

}  // namespace cli
