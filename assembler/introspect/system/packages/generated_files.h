// SPDX-License-Identifier: Apache-2.0
// Files that no package brings and that are nobody's work either: maintainer scripts, installers
// and daemons make them. A table of patterns; some count only for links, for files that say
// nothing, or for those that equal a sample.
#pragma once

#include <string_view>

#include "assembler/introspect/system/reading.h"

namespace assembler::introspect {

bool is_generated(Reading& reading, std::string_view path, imagebuilder::TreeEntry::Type type);

}  // namespace assembler::introspect
