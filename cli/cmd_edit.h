// SPDX-License-Identifier: Apache-2.0
// muster edit FILE [-o OUT] CHANGE…: changes a package, merges several, splits one.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/signing_options.h"
#include "cli/trust_options.h"
#include "cli/verb.h"

namespace cli {

struct EditOptions {
    std::vector<std::string> files;
    std::string output;
    std::string split;  // the folder
    std::string chunk_size;
    bool merge = false;
    bool dry_run = false;
    bool lax = false;
    // Options of changes and their texts, in the order of the command line; "script" is a file.
    std::vector<std::pair<std::string, std::string>> changes;
    TrustOptions trust;  // in the makers of what is read
    SigningOptions signing;
    base::DigestAlgorithm digest = base::DigestAlgorithm::sha256;
};

void add_edit(CLI::App& app, Chosen& chosen);
int run_edit(const EditOptions& options, base::cli::Io& io);

}  // namespace cli
