// SPDX-License-Identifier: Apache-2.0
// muster kv get|set|list|wait: the keys shared with the guest of a machine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/cli/io.h"

namespace CLI {
class App;
}

namespace cli {

struct Chosen;

struct KvOptions {
    enum class Action { get, set, list, wait };
    Action action = Action::list;
    std::string deployment;
    std::string machine;
    std::string key;  // get, wait; the prefix for list
    std::optional<std::string> value;
    std::vector<std::string> pairs;    // set: keys and values by turns
    std::vector<std::string> deletes;  // set
    bool secret = false;
    std::uint64_t timeout_seconds = 300;
};

void add_kv(CLI::App& app, Chosen& chosen);
int run_kv(const KvOptions& options, base::cli::Io& io);

}  // namespace cli
