// SPDX-License-Identifier: Apache-2.0
// parse_document() for the text of a stranger: in a child process that can do nothing but that
// (base/sandbox/sandbox.h). Same results, same errors. Costs about a millisecond more. Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "ovfkit/xml/document.h"

namespace ovfkit::xml {

Element parse_foreign_document(std::string_view text, const std::string& name);

}  // namespace ovfkit::xml
