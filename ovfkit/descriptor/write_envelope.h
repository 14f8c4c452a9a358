// SPDX-License-Identifier: Apache-2.0
// Envelope to descriptor text: DSP0243 1.1, elements in the order of its schema (DSP8023 1.1),
// the same text for the same envelope. What OVF cannot say goes into sections of the namespace
// "urn:muster:ovf:1" with ovf:required="false".
#pragma once

#include <string>

#include "ovfkit/descriptor/envelope.h"

namespace ovfkit {

// Throws invalid_input when the envelope has no content, holds a capacity that only a property
// says without its unit, or a text that XML cannot carry; the message names the object.
std::string write_envelope(const Envelope& envelope);

}  // namespace ovfkit
