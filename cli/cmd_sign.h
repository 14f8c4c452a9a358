// SPDX-License-Identifier: Apache-2.0
// `muster sign FILE --key K --cert C`: a signature, with a time stamp if wanted, for a package that
// exists.
#pragma once

#include <string>

#include "cli/signing_options.h"
#include "cli/trust_options.h"
#include "cli/verb.h"

namespace cli {

struct SignOptions {
    std::string location;
    std::string output;  // empty: in place
    TrustOptions trust;  // in the signature that is replaced
    SigningOptions signing;
    base::DigestAlgorithm digest = base::DigestAlgorithm::sha256;
    bool renew_manifest = false;
    bool lax = false;
};

void add_sign(CLI::App& app, Chosen& chosen);
int run_sign(const SignOptions& options, base::cli::Io& io);

}  // namespace cli
