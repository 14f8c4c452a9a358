// SPDX-License-Identifier: Apache-2.0
// Which switches run, as /proc knows it: also those that a killed daemon had no time to note.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "base/process.h"

namespace hvruntime {

struct SwitchProcess {
    base::ProcessId process;
    std::filesystem::path spec_path;
};

// Processes whose command line is exactly PROGRAM VERB NETWORKS/ID/spec.json.
std::vector<SwitchProcess> find_switch_processes(const std::filesystem::path& networks,
                                                 std::string_view verb);

}  // namespace hvruntime
