// SPDX-License-Identifier: Apache-2.0
// Cuts the byte stream of a QMP socket into JSON messages: one per line, whatever the pieces in
// which they come. Not thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace hvruntime {

class QmpFramer {
  public:
    static constexpr std::size_t kLineLimit = std::size_t{16} << 20U;

    // Throws invalid_input when a line grows beyond kLineLimit.
    void feed(std::string_view bytes);
    // The next whole message; nullopt: more bytes are needed. Throws invalid_input when a line is
    // not a JSON object; the line is consumed.
    std::optional<base::Json> next();

  private:
    std::string buffer_;
    std::size_t scanned_ = 0;  // bytes of buffer_ known to hold no line end
};

}  // namespace hvruntime
