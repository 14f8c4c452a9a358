// SPDX-License-Identifier: Apache-2.0
// A package in a zip archive as the tar stream of an OVA: descriptor, manifest and certificate
// first, then the other members. An archive that holds nothing but one .ova gives that. Sizes and
// checksums of the directory are checked on the way. The directory, which is the truth about a zip
// archive, stands at its end: what comes as a stream must be kept first (spooled_source.h).
#pragma once

#include <memory>

#include "base/random_access.h"
#include "base/stream.h"

namespace ovfkit {

std::unique_ptr<base::ByteSource> make_zip_source(std::unique_ptr<base::RandomAccess> archive);

}  // namespace ovfkit
