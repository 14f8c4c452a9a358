// SPDX-License-Identifier: Apache-2.0
// `muster up`: one command from an OVA to a running application.
#pragma once

#include <string>
#include <vector>

#include "cli/trust_options.h"
#include "cli/verb.h"

namespace cli {

struct UpOptions {
    std::string source;  // a file, "-" or a URL
    std::string name;
    std::string configuration;
    std::vector<std::string> settings;  // "web.title=Hello"
    std::vector<std::string> publish;   // "http=8080", "web:80=8080"
    TrustOptions trust;
    bool allow_untrusted = false;
    bool plan = false;
};

void add_up(CLI::App& app, Chosen& chosen);
int run_up(const UpOptions& options, base::cli::Io& io);

}  // namespace cli
