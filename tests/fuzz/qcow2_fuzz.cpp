// SPDX-License-Identifier: Apache-2.0
// A qcow2 image from a stranger: header, tables and clusters.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/read_disk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    tests::read_foreign_disk({data, size}, ovfkit::DiskFormat::qcow2);
    return 0;
}
