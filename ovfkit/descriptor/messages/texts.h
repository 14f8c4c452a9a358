// SPDX-License-Identifier: Apache-2.0
// Every text of an envelope that people read and that may have a translation.
#pragma once

#include <functional>
#include <string>

#include "ovfkit/descriptor/envelope.h"

namespace ovfkit {

// The ids of the object, the name of the element that the text stands in, the text.
using TextVisitor =
    std::function<void(const MessageIds& ids, const std::string& name, std::string& text)>;

void visit_texts(Envelope& envelope, const TextVisitor& visit);

}  // namespace ovfkit
