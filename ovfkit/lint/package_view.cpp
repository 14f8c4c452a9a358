// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/lint/package_view.h"

#include <algorithm>

namespace ovfkit::lint {

void EndsSink::write(std::span<const std::byte> data) {
    ends_.size += data.size();
    const std::string_view text = base::as_text(data);
    ends_.head.append(text.substr(0, FileEnds::kHead - ends_.head.size()));
    ends_.tail.append(text.substr(text.size() - std::min(text.size(), FileEnds::kTail)));
    if (ends_.tail.size() > FileEnds::kTail) {
        ends_.tail.erase(0, ends_.tail.size() - FileEnds::kTail);
    }
}

}  // namespace ovfkit::lint
