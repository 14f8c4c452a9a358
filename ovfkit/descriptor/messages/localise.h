// SPDX-License-Identifier: Apache-2.0
// The texts of a descriptor in the user's language. A text whose element has an ovf:msgid is looked
// up in the bundle of that language ("de-AT"), then in one of the same language elsewhere ("de",
// "de-DE"); else it stays what stands in the descriptor, and where nothing stands there it comes
// from the bundle of the descriptor's own language. DSP0243 1.1 clause 10.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ovfkit/descriptor/envelope.h"

namespace ovfkit {

// The text of a bundle file: a Strings element. Untrusted, as every file of a package; throws
// invalid_input as "name:line:column: …". The second is for a text that was parsed already.
MessageBundle parse_message_bundle(std::string_view text, const std::string& name);
MessageBundle parse_message_bundle(const xml::Element& root, const std::string& name);

// The files of the References that hold messages.
std::vector<const FileReference*> bundle_files(const Envelope& envelope);

// Gives the bundle that names this file its messages.
void fill_bundle(Envelope& envelope, std::string_view file_id, MessageBundle bundle);

// What can be asked for, in the order of the descriptor, its own language first.
std::vector<std::string> languages_of(const Envelope& envelope);

// "" only fills texts that are empty.
void localise(Envelope& envelope, std::string_view language);

}  // namespace ovfkit
