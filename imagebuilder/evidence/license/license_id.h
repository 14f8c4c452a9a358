// SPDX-License-Identifier: Apache-2.0
// Debian's short names of licences as ids of the SPDX License List. A name counts as known only
// where it means one text: "GPL-2+" and "Expat" do, "BSD" and "permissive" do not. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace imagebuilder {

// "GPL-2+" → "GPL-2.0-or-later", "Expat" → "MIT", "BSD-3-clause" → "BSD-3-Clause"; SPDX's own ids
// come back in their own letter case. The names may have been written in any case, with blanks or
// underscores for hyphens. nullopt: not known.
std::optional<std::string> find_spdx_license(std::string_view name);

// "Bison exception" → "Bison-exception-2.2", SPDX's own ids likewise. nullopt: not known, or
// several exceptions of SPDX go by that name.
std::optional<std::string> find_spdx_exception(std::string_view name);

}  // namespace imagebuilder
