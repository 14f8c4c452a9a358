// SPDX-License-Identifier: Apache-2.0
// What can be judged from an envelope alone, without its files: ids and hrefs stand once, what is
// referred to exists, disks have a capacity, properties a known type, counts and ports make sense.
// Pure; also run over envelopes that we made ourselves, before they are written.
#pragma once

#include "ovfkit/descriptor/diagnostic.h"
#include "ovfkit/descriptor/envelope.h"

namespace ovfkit {

Diagnostics validate_envelope(const Envelope& envelope);

}  // namespace ovfkit
