// SPDX-License-Identifier: Apache-2.0
// Which texts of an object can be translated: from the name of the element ("Label") to its
// ovf:msgid. The object's members hold the text itself, in the language of the descriptor or in the
// one that localise() was asked for. DSP0243 1.1 clause 10.
#pragma once

#include <map>
#include <string>

namespace ovfkit {

using MessageIds = std::map<std::string, std::string>;

}  // namespace ovfkit
