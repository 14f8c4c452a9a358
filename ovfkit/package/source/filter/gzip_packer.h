// SPDX-License-Identifier: Apache-2.0
// Compresses a stream to gzip (RFC 1952) on its way to another sink: without name or time, so the
// same input gives the same bytes. Borrows the target. Not thread-safe.
#pragma once

#include <memory>

#include "base/stream.h"

namespace ovfkit {

class GzipPacker : public base::ByteSink {
  public:
    virtual void finish() = 0;  // nothing may be written afterwards
};

std::unique_ptr<GzipPacker> make_gzip_packer(base::ByteSink& target);

}  // namespace ovfkit
