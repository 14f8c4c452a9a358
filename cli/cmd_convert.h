// SPDX-License-Identifier: Apache-2.0
// `muster convert IN OUT`: one disk, out of a package or of the user's own, into another form.
#pragma once

#include <cstdint>
#include <string>

#include "cli/verb.h"

namespace cli {

struct ConvertVerbOptions {
    std::string input;
    std::string output;
    std::string from;  // empty: by the input's extension and first bytes
    std::string to;    // empty: by the output's extension
    std::string disk;
    std::string trust_file;
    bool lax = false;
    int level = 6;
    bool fast = false;
    std::string name;
    std::uint32_t cpus = 1;
    std::string memory = "1 GiB";
    std::string profile = "generic";
    std::string digest = "SHA256";
    unsigned threads = 0;
};

void add_convert(CLI::App& app, Chosen& chosen);
int run_convert(const ConvertVerbOptions& options, base::cli::Io& io);

}  // namespace cli
