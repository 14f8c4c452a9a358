// SPDX-License-Identifier: Apache-2.0
// Descriptor text to Envelope. Lenient where the field is: any order of sections, names compared
// without their prefix, OVF 0.9, 1.x and 2.x. Strict where a mistake would do harm: see
// validate_envelope.h for what is checked. The text is untrusted: it is parsed in a process of its
// own (ovfkit/xml/foreign_document.h), within the limits of ovfkit/xml/document.h.
#pragma once

#include <string>
#include <string_view>

#include "ovfkit/descriptor/diagnostic.h"
#include "ovfkit/descriptor/envelope.h"
#include "ovfkit/xml/document.h"

namespace ovfkit {

struct EnvelopeReading {
    Envelope envelope;
    Diagnostics diagnostics;  // everything found, in the order of the text
};

// Throws only when the text is not XML or not an OVF envelope at all. `name` is what messages call
// the text: "shop.ovf".
EnvelopeReading examine_envelope(std::string_view text, const std::string& name);
// The same for a tree that is parsed already.
EnvelopeReading examine_envelope(const xml::Element& root, const std::string& name);

// Throws invalid_input (or unsupported) when anything is wrong; warnings and notes pass.
Envelope read_envelope(std::string_view text, const std::string& name);
Envelope read_envelope(const xml::Element& root, const std::string& name);

}  // namespace ovfkit
