// SPDX-License-Identifier: Apache-2.0
// A first look at XML text, before any parser builds something from it: what pugixml would let
// pass (a DOCTYPE, unknown entities, control characters, text outside of the root element), and
// the limits on depth. Also the way from an offset to a line and column.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ovfkit/xml/place.h"

namespace ovfkit::xml {

class LineIndex {
  public:
    explicit LineIndex(std::string_view text);
    Place place_at(std::size_t offset) const;

  private:
    std::vector<std::size_t> starts_;
};

// Throws invalid_input as "name:line:column: …".
[[noreturn]] void fail_at(const std::string& name, Place place, const std::string& message,
                          std::string hint = "");

// `text` is UTF-8 as to_utf8() gives it.
void check_text(std::string_view text, const LineIndex& lines, const std::string& name);

}  // namespace ovfkit::xml
