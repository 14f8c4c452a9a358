// SPDX-License-Identifier: Apache-2.0
// Envelope to descriptor text: elements in the order of the schema (DSP8023 1.1), the same text for
// the same envelope. What OVF cannot say goes into sections of the namespace "urn:muster:ovf:1"
// with ovf:required="false". Comments and prefixes of a text that was read are not in an Envelope;
// to change a text and keep them, see ovfkit/edit.
#pragma once

#include <string>
#include <vector>

#include "ovfkit/descriptor/envelope.h"

namespace ovfkit {

struct WriteOptions {
    // "0.9", "1.0", "1.1", "2.0" or "2.1". Empty: the envelope's own, but 1.1 instead of 0.9, and
    // 2.1 when it has sections that OVF 1 does not know.
    std::string version;
    bool unknown_sections = true;  // write those that were kept when the descriptor was read
};

// Throws invalid_input when the envelope has no content, holds a text that XML cannot carry, or
// when the version is unknown; the message names the object.
std::string write_envelope(const Envelope& envelope, const WriteOptions& options = {});

// What is left out when the envelope is written in this version: "the ScaleOutSection of 'web'".
std::vector<std::string> losses_of(const Envelope& envelope, const std::string& version);

}  // namespace ovfkit
