// SPDX-License-Identifier: Apache-2.0
// In which order the machines of a set start: who serves before who asks. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "assembler/introspect/connect/connection_map.h"

namespace assembler {

struct StartOrder {
    std::map<std::string, std::vector<std::string>> after;  // by machine: who must be ready before
    std::vector<std::vector<std::string>> waves;
    std::vector<Remark> remarks;  // each circle, and where it was cut
};

// Circles are cut at their least sure connection.
StartOrder start_order(const std::vector<MachineFacts>& machines, const ConnectionMap& map);

}  // namespace assembler
