// SPDX-License-Identifier: Apache-2.0
// `muster verify FILE|-|URL`: are the files what their maker signed, and who is that?
#pragma once

#include <string>

#include "cli/trust_options.h"
#include "cli/verb.h"

namespace cli {

struct VerifyOptions {
    std::string location;
    TrustOptions trust;  // nobody: the signature is checked all the same
    bool lax = false;
    std::string rebuild;  // where the recipes are; empty: nothing is built
    bool use_cache = false;
};

void add_verify(CLI::App& app, Chosen& chosen);
int run_verify(const VerifyOptions& options, base::cli::Io& io);

}  // namespace cli
