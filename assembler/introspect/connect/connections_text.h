// SPDX-License-Identifier: Apache-2.0
// Connections for people and for programs.
#pragma once

#include <string>

#include "assembler/introspect/connect/start_order.h"
#include "base/json.h"

namespace assembler {

// A line for each: "web nginx -> app shop (http 8080)  1.00  /etc/nginx/…:4".
std::string connections_text(const ConnectionMap& map, const StartOrder& order);
// {"connections":[…],"externals":[…],"open_inputs":[…],"start":[[…]],"remarks":[…]}
base::Json connections_json(const ConnectionMap& map, const StartOrder& order);

}  // namespace assembler
