// SPDX-License-Identifier: Apache-2.0
// Telling the host something from a verb that is not the daemon: at once when the daemon runs, else
// through the spool folder, so it is never lost and never waits.
#pragma once

#include <string>
#include <vector>

#include "hvruntime/guest/agent/places.h"
#include "hvruntime/guest/key_entry.h"

namespace hvruntime::agent {

// Printable ASCII and line ends, the end of it when it is long: what programs print may be
// anything.
std::string reportable(std::string text);
// Values are made to fit by that.
void report_keys(std::vector<KeyWrite> writes, const Places& places);

}  // namespace hvruntime::agent
