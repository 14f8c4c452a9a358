// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/qmp/qmp_framer.h"

#include <fmt/format.h>

#include "base/error.h"

namespace hvruntime {

void QmpFramer::feed(std::string_view bytes) {
    buffer_.append(bytes);
    // Only the unfinished line counts: whole ones are waiting to be taken by next().
    const std::size_t last_end = buffer_.rfind('\n');
    const std::size_t unfinished =
        last_end == std::string::npos ? buffer_.size() : buffer_.size() - last_end - 1;
    if (unfinished > kLineLimit) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("QMP: a line of more than {} bytes", kLineLimit));
    }
}

std::optional<base::Json> QmpFramer::next() {
    while (true) {
        const std::size_t end = buffer_.find('\n', scanned_);
        if (end == std::string::npos) {
            scanned_ = buffer_.size();
            return std::nullopt;
        }
        std::string line = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        scanned_ = 0;
        if (!line.empty() && line.back() == '\r') {
            line.pop_back();
        }
        if (line.empty()) {
            continue;
        }
        base::Json message = base::parse_json(line, "QMP");
        if (!message.is_object()) {
            throw base::Error(base::ErrorKind::invalid_input, "QMP: a line is not a JSON object");
        }
        return message;
    }
}

}  // namespace hvruntime
