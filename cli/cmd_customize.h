// SPDX-License-Identifier: Apache-2.0
// muster customize: one-off changes of an image, with the flags of virt-customize.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/cli/io.h"
#include "imagebuilder/customize/operations.h"

namespace CLI {
class App;
}

namespace cli {

struct Chosen;

struct CustomizeVerbOptions {
    std::string image;
    std::string output;
    std::vector<imagebuilder::Operation> operations;         // in the order of the command line
    std::map<std::string, std::vector<std::string>> values;  // by option, as they were typed
    std::map<std::string, bool> flags;
    std::string executor;           // empty: the one that fits
    std::vector<std::string> keys;  // selectors, as virt-customize has them
    bool network = false;
    bool keep = false;
    bool dry_run = false;
};

void add_customize(CLI::App& app, Chosen& chosen);
int run_customize(const CustomizeVerbOptions& options, base::cli::Io& io);

}  // namespace cli
