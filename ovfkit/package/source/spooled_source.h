// SPDX-License-Identifier: Apache-2.0
// What comes as a stream, kept in a file without a name (in $TMPDIR, else /tmp), for forms that
// cannot be read from front to back. The file goes away with the source, whatever happens.
#pragma once

#include <cstdint>
#include <memory>

#include "base/byte_size.h"
#include "base/stream.h"

namespace ovfkit {

constexpr std::uint64_t kSpoolLimit = 64 * base::kGiB;

// Reads `stream` to its end. Throws unsupported when it is longer than the limit.
std::unique_ptr<base::ByteSource> spooled(base::ByteSource& stream,
                                          std::uint64_t limit = kSpoolLimit);

}  // namespace ovfkit
