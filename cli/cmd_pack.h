// SPDX-License-Identifier: Apache-2.0
// muster pack ASSEMBLY -o FILE.ova: an assembly file and its images to a signed OVA.
#pragma once

#include <string>

#include "base/cli/io.h"
#include "cli/signing_options.h"

namespace CLI {
class App;
}

namespace cli {

struct Chosen;

struct PackVerbOptions {
    std::string assembly;
    std::string output;
    SigningOptions signing;
    base::DigestAlgorithm digest = base::DigestAlgorithm::sha256;
    bool digest_given = false;
    std::string chunk_size;  // "2 GiB"; empty: whole files
    std::string profile;     // empty: generic
    bool delta_disks = false;
    bool no_evidence = false;
    int level = 6;
};

void add_pack(CLI::App& app, Chosen& chosen);
int run_pack(const PackVerbOptions& options, base::cli::Io& io);

}  // namespace cli
