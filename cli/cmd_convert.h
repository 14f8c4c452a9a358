// SPDX-License-Identifier: Apache-2.0
// `muster convert IN OUT`: a disk, out of a package or of the user's own, into another form, or all
// disks of a package.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/trust_options.h"
#include "cli/verb.h"

namespace cli {

struct ConvertVerbOptions {
    std::string input;
    std::string output;
    std::string from;  // empty: by the input's first bytes
    std::string to;    // empty: by the output's extension
    std::string disk;
    TrustOptions trust;
    bool lax = false;
    std::optional<int> level;
    bool fast = false;
    std::string name;
    std::optional<std::uint32_t> cpus;
    std::optional<std::string> memory;
    std::optional<std::string> profile;
    std::string digest = "SHA256";
    unsigned threads = 0;
};

void add_convert(CLI::App& app, Chosen& chosen);
int run_convert(const ConvertVerbOptions& options, base::cli::Io& io);

}  // namespace cli
