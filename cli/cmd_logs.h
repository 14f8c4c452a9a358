// SPDX-License-Identifier: Apache-2.0
// `muster logs`: what a machine wrote to its serial console, or what QEMU said.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "cli/verb.h"

namespace cli {

struct LogsOptions {
    std::string deployment;
    std::string machine;
    std::optional<std::size_t> lines;
    bool follow = false;
    bool raw = false;
    bool qemu = false;
};

void add_logs(CLI::App& app, Chosen& chosen);
int run_logs(const LogsOptions& options, base::cli::Io& io);

}  // namespace cli
