// SPDX-License-Identifier: Apache-2.0
// Values to XML text and back. What XML 1.0 cannot carry (control characters, broken UTF-8) is an
// invalid_input error that begins with `where`.
#pragma once

#include <string>
#include <string_view>

namespace ovfkit::xml {

// For double quotes; white space survives.
std::string escape_attribute(std::string_view value, std::string_view where);
std::string escape_text(std::string_view value, std::string_view where);

// Of text that was checked (see scan.h): the five entities and character references.
std::string unescape(std::string_view raw);

}  // namespace ovfkit::xml
