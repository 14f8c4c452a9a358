// SPDX-License-Identifier: Apache-2.0
// `muster-guest config …`: what people in a machine ask about its configuration.
#pragma once

#include "hvruntime/guest/agent/places.h"

namespace hvruntime::agent {

// The files of the folder and the values as they are; throws invalid_input after naming all that is
// wrong.
void check_settings(const Places& places);
// Each key with its type, its value (*** for secret ones) and where that comes from; each file.
void show_settings(const Places& places);
// Writes what differs and changes the units concerned; throws partial when something failed.
void apply_settings_now(const Places& places);

}  // namespace hvruntime::agent
