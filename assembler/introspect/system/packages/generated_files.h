// SPDX-License-Identifier: Apache-2.0
// Files that no package brings and that are nobody's work either: maintainer scripts, installers
// and daemons make them. A table of patterns; some count only for links, for files that say
// nothing, or for those that equal a sample.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "assembler/introspect/system/reading.h"

namespace assembler::introspect {

bool is_generated(Reading& reading, std::string_view path, imagebuilder::TreeEntry::Type type);

// A link that a package makes when it is installed, to a file that it brings. Where it is missing
// somebody took it away: a site that is not to be served, a module that is not to be loaded.
struct MadeLink {
    std::string path;
    std::string target;  // as a path from the root
};
std::vector<MadeLink> links_made_by_packages();

}  // namespace assembler::introspect
