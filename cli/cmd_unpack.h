// SPDX-License-Identifier: Apache-2.0
// muster unpack FILE -o DIR: the files of a package, checked on the way.
#pragma once

#include <string>
#include <vector>

#include "cli/trust_options.h"
#include "cli/verb.h"

namespace cli {

struct UnpackVerbOptions {
    std::string location;
    std::string folder;
    std::vector<std::string> only;
    std::string disk_format = "keep";
    TrustOptions trust;
    bool lax = false;
};

void add_unpack(CLI::App& app, Chosen& chosen);
int run_unpack(const UnpackVerbOptions& options, base::cli::Io& io);

}  // namespace cli
