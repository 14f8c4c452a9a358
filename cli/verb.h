// SPDX-License-Identifier: Apache-2.0
// What the verbs share: each cmd_<verb>.h has `struct XOptions`, `void add_x(CLI::App&, Chosen&)`
// and `int run_x(const XOptions&, base::cli::Io&)`. Parsing stores the choice; main runs it
// afterwards.
#pragma once

#include <functional>

#include "base/cli/io.h"

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace cli {

struct Chosen {
    std::function<int(base::cli::Io&)> run;
};

void add_global_options(CLI::App& app, base::cli::Io& io);
// --help and --version print and give 0; anything else is a usage error: 2.
int report_parse_error(const CLI::App& app, const CLI::ParseError& error, base::cli::Io& io);

}  // namespace cli
