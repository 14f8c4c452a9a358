// SPDX-License-Identifier: Apache-2.0
// A raw disk that comes as a stream: blocks of zeros are not written. The size is
// known only at the end; the limit holds on the way.
#pragma once

#include <memory>

#include "ovfkit/disk/member_sink.h"

namespace ovfkit {

std::unique_ptr<DiskSink> make_raw_sink(const DiskSinkOptions& options);

}  // namespace ovfkit
